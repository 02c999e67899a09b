import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadPlan } from '../config/index.js';
import { file } from '../config/testing/configurations.js';
import { oneOf } from '../core/fields.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/reading.js';
import { methodNames } from '../methods/registry.js';
import { runPipeline } from '../pipeline/index.js';
import { RunDirectory, type RunEvent } from '../run/index.js';
import { liveTensors } from '../tensor/index.js';
import { testDevice } from '../tensor/testing/on-device.js';
import { type DistillOptions, distill, distillPlan } from './distill.js';
import { openDistilledSet } from './distilled-set.js';

const digits = await loadDigits();

/** A second or so. */
const small = {
  imagesPerClass: 1,
  iterations: 4,
  seed: 5,
  device: testDevice,
  gpu: { readEvery: 1 },
  threads: 1,
  model: { name: 'convnet', depth: 1, width: 4 },
  pretrain: { networks: 1, length: { epochs: 1 }, augmentation: 'none' },
  matching: { realPerClass: 8 },
  frequencies: { count: 32 },
} satisfies DistillOptions;

const bytes = (pixels: Float32Array): string => Buffer.from(pixels.buffer).toString('hex');

/** What a task is rejected with. */
async function message(data: Parameters<typeof distill>[0], options: object): Promise<string> {
  const error = await distill(data, options as DistillOptions).then(
    (set) => set.dispose(),
    (error: Error) => error,
  );
  expect(error).toMatchObject({ name: 'UsageError' });
  return (error as Error).message;
}

describe('options of distill', () => {
  const base = { imagesPerClass: 2, seed: 3, threads: 2 };
  it.each<[options: DistillOptions, yaml: readonly string[]]>([
    [{}, []],
    [
      { optimizer: { kind: 'sgd', learningRate: 2 }, fineTuning: 'joint', augmentation: 'none' },
      [
        'distill.optimizer={ kind: sgd, learningRate: 2 }',
        'distill.fineTuning=joint',
        'distill.augmentation=none',
      ],
    ],
    [
      { model: 'resnet18', memory: '2GB', chunks: { real: 64 } },
      ['model={ name: resnet, depth: 18 }', 'memory=2GB', 'chunks.real=64'],
    ],
    [
      { formation: { factor: 1 }, matching: { strategy: 'stratified', realPerCluster: 4 } },
      [
        'distill.formation.factor=1',
        'distill.matching={ strategy: stratified, realPerCluster: 4 }',
      ],
    ],
    [
      { pretrain: { length: { steps: 7 }, optimizer: { learningRate: 0.5 } } },
      ['pretrain.length={ steps: 7 }', 'pretrain.optimizer.learningRate=0.5'],
    ],
  ])('resolve to the plan that YAML resolves to: %j', (options, overrides) => {
    const { plan } = loadPlan({ data: 'digits', seed: 3, threads: 2, ipc: 2, overrides });
    const { name: _, dataset: __, ...expected } = { ...plan, name: undefined };
    expect(distillPlan({ ...base, extends: 'own-data', ...options })).toMatchObject(expected);
  });

  it.each<[object, string]>([
    [{ imagesPerClas: 1 }, "distill.imagesPerClas: unknown key; did you mean 'imagesPerClass'?"],
    [
      { imagesPerClass: 'many' },
      "distill.imagesPerClass: expected an integer from 1 to 10000, found 'many'",
    ],
    [{ imagesPerClass: 1, pretrian: {} }, "pretrian: unknown key; did you mean 'pretrain'?"],
    [{}, 'distill.imagesPerClass: missing; expected an integer from 1 to 10000'],
    [
      { imagesPerClass: 1, extends: 'digits', iterations: -1 },
      'distill.iterations: expected an integer from 1 to 10000000, found -1',
    ],
    [
      { imagesPerClass: 1, optimizer: () => 0.1 },
      'distill.optimizer: expected plain data, found a function',
    ],
    [
      { imagesPerClass: 1, matching: new Map() },
      'distill.matching: expected plain data, found a Map',
    ],
    [{ imagesPerClass: 1, amortize: 11, iterations: 10 }, 'distill.amortize: expected at most'],
    [
      { imagesPerClass: 1, method: 'magic' },
      `method: expected ${oneOf(methodNames())}, found 'magic'`,
    ],
    [{ imagesPerClass: 1, dataset: { name: 'digits' } }, 'dataset.name: unknown key'],
    [{ imagesPerClass: 1000 }, 'Use fewer images per class'],
  ])('that are wrong are told as in YAML, without a place: %j', async (options, expected) => {
    expect((await message(digits, options)).split('\n')[0]).toContain(expected);
  });

  it('that hold themselves, and data that is none, are told', async () => {
    const round: Record<string, unknown> = { imagesPerClass: 1 };
    round.optimizer = round;
    expect(await message(digits, round)).toContain('nested too deeply');
    expect(await message({ train: {} } as typeof digits, small)).toContain('expected a dataset');
  });
});

describe('distill', () => {
  it('gives the images of the run of the same configuration, and writes nothing', async () => {
    const before = liveTensors();
    const there = readdirSync('.');
    const set = await distill(digits, small);
    const found = set.stored();
    expect(found.labels).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(found.shape).toEqual({ channels: 1, height: 8, width: 8 });
    expect(set.decoded().pixels).toHaveLength(4 * found.pixels.length);
    expect(set.decoded().labels.slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
    expect(readdirSync('.')).toEqual(there);
    set.dispose();
    expect(liveTensors()).toBe(before);

    const { seed, device, gpu, threads, model, pretrain, ...section } = small;
    const yaml = JSON.stringify({
      ...{ seed, device, gpu, threads, model, pretrain },
      dataset: { name: 'digits' },
      distill: section,
      evaluate: { seeds: 1, length: { steps: 1 } },
    });
    const { plan } = loadPlan({ source: file(yaml) });
    const directory = RunDirectory.create({
      runs: temporaryFolder(),
      name: 'same',
      existing: 'refuse',
    });
    await runPipeline({ plan, directory, cache: temporaryFolder(), onEvent: () => {} });
    using stored = await openDistilledSet(directory.path);
    expect(bytes(stored.stored().pixels)).toBe(bytes(found.pixels));
  });

  it('tells its events, and stops at a signal with its reason', async () => {
    const controller = new AbortController();
    const events: RunEvent[] = [];
    const before = liveTensors();
    const stopped = distill(digits, {
      ...small,
      signal: controller.signal,
      onEvent: (event) => {
        events.push(event);
        if (event.type === 'distill-iteration') controller.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(events.filter(({ type }) => type === 'distill-iteration')).toHaveLength(1);
    expect(events.map(({ type }) => type)).toContain('pretrain-network-end');
    expect(liveTensors()).toBe(before);
  });

  it('leaves test images out of a dataset that has none, and nothing out of { train }', async () => {
    using whole = await distill({ train: digits.train }, small);
    using parted = await distill(digits.train, small);
    using again = await distill(digits.train, { ...small, dataset: { testShare: 0.2 } });
    expect(whole.dataset?.hash).toBe(digits.train.hash);
    expect(parted.dataset?.hash).not.toBe(digits.train.hash);
    expect(again.dataset).toEqual(parted.dataset);
  });
});

describe('distill.steps', () => {
  it('gives every iteration, and in the end what distill gives', async () => {
    const before = liveTensors();
    const iterations: number[] = [];
    let last: string | undefined;
    for await (const step of distill.steps(digits, small)) {
      iterations.push(step.iteration);
      expect(step.loss).toBeGreaterThan(0);
      using set = step.copy();
      last = bytes(set.stored().pixels);
    }
    expect(iterations).toEqual([1, 2, 3, 4]);
    using whole = await distill(digits, small);
    expect(last).toBe(bytes(whole.stored().pixels));
    expect(liveTensors()).toBe(before + 2);
  });

  it('ends when its loop is left, and releases everything', async () => {
    const before = liveTensors();
    const told: number[] = [];
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'distill-iteration') told.push(event.iteration);
    };
    for await (const { iteration } of distill.steps(digits, { ...small, onEvent })) {
      if (iteration === 2) break;
    }
    expect(told).toEqual([1, 2]);
    expect(liveTensors()).toBe(before);
    const thrown = (async () => {
      for await (const _ of distill.steps(digits, small)) throw new Error('in the loop');
    })();
    await expect(thrown).rejects.toThrow('in the loop');
    expect(liveTensors()).toBe(before);
  });

  it('rejects for wrong options, and at a signal', async () => {
    await expect(distill.steps(digits, {}).next()).rejects.toThrow('imagesPerClass: missing');
    const signal = AbortSignal.abort(new Error('before it began'));
    await expect(distill.steps(digits, { ...small, signal }).next()).rejects.toThrow('before it');
  });
});
