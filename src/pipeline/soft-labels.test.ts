import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import type { DatasetPair } from '../data/index.js';
import { loadDigits } from '../data/readers/digits.js';
import { labelsByClass, realImages } from '../distill/index.js';
import type { TeacherChoice } from '../evaluate/soft-labels/options.js';
import {
  loadSoftLabels,
  type SoftLabelMetadata,
  saveSoftLabels,
} from '../evaluate/soft-labels/store.js';
import { labelImages, softTargets } from '../evaluate/soft-labels/targets.js';
import { Teacher, teacherAccuracy } from '../evaluate/soft-labels/teacher.js';
import { buildModel, type ImageModel } from '../models/index.js';
import { smallPlan } from '../plan/testing/plan.js';
import { keep, liveTensors, savePt, saveSafetensors, scope, type Tensor } from '../tensor/index.js';
import { RandomGenerator, tensor, testDevice } from '../tensor/testing/on-device.js';
import { openTeacher } from './open-teacher.js';
import { begin } from './run-context.js';

let digits: DatasetPair;
beforeAll(async () => {
  digits = await loadDigits();
});

const network = (seed: number): ImageModel =>
  buildModel(smallPlan.model, digits.train.shape, 10, new RandomGenerator(seed));

const softOptions = {
  mode: 'on-the-fly',
  teacher: { kind: 'pool', networks: 'all' },
  temperature: 1,
  correctToHard: false,
  hardShare: 0,
} as const;

const rows = (values: Tensor): number[][] => {
  const [count, width] = values.shape as [number, number];
  const flat = [...values.toFloat32Array()];
  return Array.from({ length: count }, (_, row) => flat.slice(row * width, (row + 1) * width));
};

describe('a teacher', () => {
  let images: Tensor;
  beforeAll(() => {
    images = keep(new RandomGenerator(1).normal([4, 1, 8, 8]));
  });
  afterAll(() => images.dispose());

  it('gives the mean of the distributions of its networks, softened by the temperature', () => {
    const before = liveTensors();
    const networks = [network(1), network(2)];
    using teacher = new Teacher(networks);
    scope(() => {
      const expected = networks
        .map((one) => one.logits(images).div(3).softmax(1))
        .reduce((sum, one) => sum.add(one))
        .div(2);
      const given = teacher.probabilities(images, 3);
      for (const [index, value] of given.toFloat32Array().entries())
        expect(value).toBeCloseTo(expected.toFloat32Array()[index]!, 6);
    });
    teacher.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('has a hash that changes with any of its parameters', () => {
    using one = new Teacher([network(1)]);
    using same = new Teacher([network(1)]);
    using other = new Teacher([network(2)]);
    expect(same.hash).toBe(one.hash);
    expect(other.hash).not.toBe(one.hash);
  });
});

describe('targets on the fly', () => {
  const probabilities = [
    [0.6, 0.3, 0.1],
    [0.2, 0.7, 0.1],
    [0.5, 0.2, 0.3],
  ];
  /** A teacher whose answers are known. */
  const fixed = {
    probabilities: () => tensor(Float32Array.from(probabilities.flat()), [3, 3]),
  } as unknown as Teacher;
  const batch = () => ({
    images: tensor(new Float32Array(3), [3, 1, 1, 1]),
    labels: tensor([0, 0, 2], [3], 'int64'),
  });

  it('are what the teacher gives', () => {
    scope(() => {
      const given = rows(softTargets(softOptions, fixed, 10).of(batch()));
      for (const [index, row] of given.entries())
        for (const [column, value] of row.entries())
          expect(value).toBeCloseTo(probabilities[index]![column]!, 6);
    });
  });

  it('are exactly the label where the teacher is wrong, when they are to be corrected', () => {
    scope(() => {
      const options = { ...softOptions, correctToHard: true };
      const given = rows(softTargets(options, fixed, 10).of(batch()));
      expect(given[0]![0]).toBeCloseTo(0.6, 6);
      expect(given[1]).toEqual([1, 0, 0]);
      expect(given[2]).toEqual([0, 0, 1]);
    });
  });

  it('are right for a mixed image when they name either of its classes, and else the mixture', () => {
    scope(() => {
      const options = { ...softOptions, correctToHard: true };
      const mix = { partner: tensor([2, 0, 1], [3], 'int64'), weight: 0.75 };
      // Partners are of the classes 2, 0 and 0: only the last prediction, 0, is its partner's.
      const given = rows(softTargets(options, fixed, 10).of({ ...batch(), mix }));
      expect(given[0]![0]).toBeCloseTo(0.6, 6);
      expect(given[1]).toEqual([1, 0, 0]);
      expect(given[2]![0]).toBeCloseTo(0.5, 6);
      const wrong = { ...batch(), labels: tensor([2, 2, 2], [3], 'int64'), mix };
      expect(rows(softTargets(options, fixed, 10).of(wrong))[1]).toEqual([0, 0, 1]);
    });
  });

  it('end before the last steps, which the labels have', () => {
    expect(softTargets({ ...softOptions, hardShare: 0.25 }, fixed, 80).hardSteps).toBe(20);
  });
});

describe('static targets', () => {
  it('are mixed as the images are', () => {
    scope(() => {
      const probabilities = tensor(Float32Array.of(1, 0, 0, 1), [2, 2]);
      const targets = softTargets({ ...softOptions, mode: 'static' }, undefined, 10);
      const given = targets.of({
        images: tensor(new Float32Array(2), [2, 1, 1, 1]),
        labels: tensor([0, 1], [2], 'int64'),
        probabilities,
        mix: { partner: tensor([1, 0], [2], 'int64'), weight: 0.75 },
      });
      expect(rows(given)).toEqual([
        [0.75, 0.25],
        [0.25, 0.75],
      ]);
    });
  });
});

const metadata: SoftLabelMetadata = {
  formatVersion: 1,
  temperature: 2,
  correctToHard: false,
  teacher: { hash: '0123456789abcdef', networks: 1, testAccuracy: 90 },
  agreement: 95,
};

describe('stored soft labels', () => {
  it('come back as they were written', () => {
    const before = liveTensors();
    const folder = temporaryFolder();
    using probabilities = new RandomGenerator(1).uniformTensor([20, 10]);
    saveSoftLabels(folder, { probabilities, metadata });
    const read = loadSoftLabels(folder, [20, 10])!;
    expect(read.metadata).toEqual(metadata);
    expect(read.probabilities.toFloat32Array()).toEqual(probabilities.toFloat32Array());
    read.probabilities.dispose();
    probabilities.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('may be missing', () => {
    expect(loadSoftLabels(temporaryFolder(), [20, 10])).toBeUndefined();
  });

  it('are refused for another number of images, and when their description is damaged', () => {
    const folder = temporaryFolder();
    using probabilities = new RandomGenerator(1).uniformTensor([20, 10]);
    saveSoftLabels(folder, { probabilities, metadata });
    const before = liveTensors();
    expect(() => loadSoftLabels(folder, [30, 10])).toThrow(/shape \[30, 10\].*ncfm label/);
    const path = join(folder, 'labels.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40));
    expect(() => loadSoftLabels(folder, [20, 10])).toThrow(/labels\.json could not be read/);
    expect(liveTensors()).toBe(before);
  });
});

describe('labels of images', () => {
  it('are the same however many images the teacher sees at once', async () => {
    using teacher = new Teacher([network(1)]);
    using images = realImages(digits.train, 2, new RandomGenerator(1));
    using labels = labelsByClass(10, 2, testDevice);
    const asked = {
      teacher,
      data: { images, labels },
      normalization: digits.train.normalization,
      options: { temperature: 2, correctToHard: true },
    };
    using whole = await labelImages(asked);
    using parts = await labelImages({ ...asked, imagesAtOnce: 7 });
    expect(whole.shape).toEqual([20, 10]);
    const expected = whole.toFloat32Array();
    for (const [index, value] of parts.toFloat32Array().entries())
      expect(value).toBeCloseTo(expected[index]!, 5);
    for (const row of rows(whole))
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  });
});

describe('a teacher that a plan asks for', () => {
  const ask = async (choice: TeacherChoice, cache = temporaryFolder()) =>
    openTeacher(await begin({ plan: smallPlan, cache, onEvent: () => {} }), choice);

  it('is the pool, or a part of it, or networks trained for this', async () => {
    const cache = temporaryFolder();
    const before = liveTensors();
    using pool = await ask({ kind: 'pool', networks: 'all' }, cache);
    using part = await ask({ kind: 'pool', networks: 1 }, cache);
    const length = { epochs: 4 };
    const model = { ...smallPlan.model, name: 'mlp', depth: 2, width: 16 } as const;
    using trained = await ask({ kind: 'trained', networks: 1, length, model }, cache);
    expect([pool.size, part.size, trained.size]).toEqual([2, 1, 1]);
    // 70 to 80 % over eight seeds.
    expect(await teacherAccuracy(pool, digits.test, { device: testDevice })).toBeGreaterThan(50);
    for (const teacher of [pool, part, trained]) teacher.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('is not more networks than the pool has', async () => {
    await expect(ask({ kind: 'pool', networks: 3 })).rejects.toThrow(/3 networks.*which has 2/);
  });

  it('is read from a file of parameters, whoever wrote it', async () => {
    const folder = temporaryFolder();
    using model = network(7);
    using expected = new Teacher([network(7)]);
    const state = model.state();
    const prefixed = [...state].map(([name, value]) => [`module.${name}`, value] as const);
    savePt(join(folder, 'network.pt'), Object.fromEntries(prefixed));
    saveSafetensors(join(folder, 'network.safetensors'), state);
    for (const file of ['network.pt', 'network.safetensors']) {
      using teacher = await ask({ kind: 'file', path: join(folder, file) });
      expect(teacher.hash).toBe(expected.hash);
    }
  });

  it('is refused when the file holds another network', async () => {
    const path = join(temporaryFolder(), 'network.safetensors');
    using model = buildModel({ name: 'mlp' }, digits.train.shape, 10, new RandomGenerator(1));
    saveSafetensors(path, model.state());
    const before = liveTensors();
    await expect(ask({ kind: 'file', path })).rejects.toThrow(
      /network\.safetensors does not hold a convnet for digits/,
    );
    expect(liveTensors()).toBe(before);
  });
});
