import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { arrayDataset, type Dataset } from '../data/index.js';
import { decode, type Formation, loadDistilled } from '../distill/index.js';
import { loadSoftLabels } from '../evaluate/index.js';
import { liveTensors, noGrad, scope } from '../tensor/index.js';
import { RandomGenerator, testDevice } from '../tensor/testing/on-device.js';
import { descriptionFile } from './export/description.js';
import { dataFiles } from './export/files.js';
import {
  type DistilledImages,
  decodeFor,
  type ExportFormat,
  exportFormats,
  exportRun,
  openDistilledSet,
} from './index.js';
import { hostileNames } from './testing/class-names.js';
import { placeRun } from './testing/place-run.js';

/** A dataset of two images per class; images are not square. */
function datasetOf(classNames: readonly string[], channels: 1 | 3 = 3): Dataset {
  const shape = { channels, height: 6, width: 4 };
  const labels = Array.from({ length: 2 * classNames.length }, (_, index) => index >> 1);
  using pixels = new RandomGenerator(3).uniformTensor([labels.length, channels, 6, 4]);
  const described = { name: 'my <set> `1`', split: 'train', shape, labels, classNames };
  return arrayDataset({ ...described, pixels: pixels.toFloat32Array() });
}

/** The training images that a run's own files hold. */
function truth(run: string, classes: number) {
  return scope(() => {
    const { images, metadata } = loadDistilled(join(run, 'distilled'), testDevice);
    const decoded = noGrad(() => decode(images, classes, metadata.formation));
    const perClass = decoded.size(0) / classes;
    const soft = loadSoftLabels(join(run, 'distilled'), [decoded.size(0), classes]);
    return {
      stored: [...images.toFloat32Array()],
      decoded: [...decoded.toFloat32Array()],
      perClass,
      soft: soft && [...soft.probabilities.toFloat32Array()],
    };
  });
}

/** A set as it is evaluated on a dataset. */
function evaluated(set: DistilledImages, dataset: Dataset) {
  const { images, labels, probabilities } = decodeFor(set, dataset);
  const result = {
    images: [...images.toFloat32Array()],
    labels: Array.from(labels.toArray(), Number),
    probabilities: probabilities && [...probabilities.toFloat32Array()],
  };
  for (const tensor of [images, labels, probabilities]) tensor?.dispose();
  return result;
}

/** Pictures have 8 bits a channel. */
const exact = (format: ExportFormat): boolean => format !== 'png' && format !== 'parquet';

function expectPixels(
  found: readonly number[],
  expected: readonly number[],
  format?: ExportFormat,
) {
  expect(found).toHaveLength(expected.length);
  const wanted =
    format === undefined || exact(format)
      ? expected
      : expected.map((value) => Math.fround(Math.round(255 * value) / 255));
  expect(found).toEqual(wanted);
}

const classes = hostileNames.length;
const dataset = datasetOf(hostileNames);
const forms = ['decoded', 'stored'] as const;
const cases = exportFormats.flatMap((format) => forms.map((form) => [format, form] as const));

describe.each(cases)('a set exported as %s, %s,', (format, form) => {
  it('is read back with its classes, images and labels', async () => {
    const run = placeRun(dataset, { imagesPerClass: 1 });
    const { decoded, stored, perClass, soft } = truth(run, classes);
    const before = liveTensors();
    const { folder } = await exportRun({ run, format, form });
    expect(liveTensors()).toBe(before);
    for (const path of new Set([folder, join(folder, dataFiles[format])])) {
      using set = await openDistilledSet(path);
      expect(set).toMatchObject({
        origin: 'export',
        classNames: hostileNames,
        formation:
          form === 'decoded' ? { mode: 'single', factor: 1 } : { mode: 'single', factor: 2 },
        dataset: { name: dataset.name, hash: dataset.hash },
      });
      expectPixels([...set.images.toFloat32Array()], form === 'decoded' ? decoded : stored, format);
      const read = evaluated(set, dataset);
      if (exact(format)) expectPixels(read.images, decoded);
      expect(read.labels).toEqual(
        Array.from({ length: classes * perClass }, (_, index) => Math.floor(index / perClass)),
      );
      expect(read.probabilities).toEqual(form === 'decoded' ? soft : undefined);
    }
    expect(liveTensors()).toBe(before);
  });

  it('finds its classes where the dataset has another order', async () => {
    const run = placeRun(dataset, { imagesPerClass: 1 });
    const { folder } = await exportRun({ run, format, form });
    const order = hostileNames.map((_, index) => (index * 5 + 3) % classes);
    const other = datasetOf(order.map((label) => hostileNames[label]!));
    using set = await openDistilledSet(folder);
    const [own, moved] = [evaluated(set, dataset), evaluated(set, other)];
    expect(moved.images).toEqual(own.images);
    expect(moved.labels.map((label) => order[label])).toEqual(own.labels);
    // The column of a class goes with it.
    expect(moved.probabilities?.slice(0, classes)).toEqual(
      own.probabilities && order.map((label) => own.probabilities![label]),
    );
  });
});

it("a run's own set is read back with its classes, images and labels", async () => {
  const run = placeRun(dataset, { imagesPerClass: 1 });
  const { decoded, perClass, soft } = truth(run, classes);
  for (const path of [run, join(run, 'distilled')]) {
    using set = await openDistilledSet(path);
    expect(set).toMatchObject({ origin: 'run', classNames: hostileNames });
    const read = evaluated(set, dataset);
    expectPixels(read.images, decoded);
    expect(read.labels.at(-1)).toBe(classes - 1);
    expect(read.labels.filter((label) => label === 5)).toHaveLength(perClass);
    expect(read.probabilities).toEqual(soft);
  }
});

/** The export without the description beside its files, as it may be passed on. */
async function withoutDescription(run: string, format: ExportFormat): Promise<string> {
  const { folder } = await exportRun({ run, format });
  const copy = join(temporaryFolder(), 'passed-on');
  cpSync(folder, copy, { recursive: true });
  rmSync(join(copy, descriptionFile));
  return join(copy, dataFiles[format]);
}

describe('files that were passed on without their description', () => {
  it.each(exportFormats)('of %s still have their classes', async (format) => {
    const run = placeRun(dataset, { imagesPerClass: 1 });
    const { decoded, perClass } = truth(run, classes);
    using set = await openDistilledSet(await withoutDescription(run, format));
    expect(set.origin).toBe(format === 'png' ? 'folder' : format);
    const read = evaluated(set, dataset);
    expectPixels(read.images, decoded, format);
    expect(read.labels).toEqual(
      Array.from({ length: classes * perClass }, (_, index) => Math.floor(index / perClass)),
    );
  });

  it.each(['npz', 'pt'] as const)(
    'of %s, which has numbers only, are not taken by names that are numbers',
    async (format) => {
      // As folders sort: the class 2 is called '10'.
      const numbered = datasetOf(['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9']);
      const run = placeRun(numbered);
      using set = await openDistilledSet(await withoutDescription(run, format));
      const { labels } = evaluated(set, numbered);
      expect(labels).toEqual(labels.map((_, index) => Math.floor(index / 8)));
    },
  );
});

describe('class names that occur twice', () => {
  it.each(exportFormats)('are read back from %s', async (format) => {
    const twice = datasetOf(['same', 'same', 'other', 'same (1)']);
    const { folder } = await exportRun({ run: placeRun(twice), format });
    using set = await openDistilledSet(folder);
    expect(set.classNames).toEqual(twice.classNames);
    expect(new Set(evaluated(set, twice).labels).size).toBe(4);
  });
});

const formations: Formation[] = [
  { mode: 'multi', factor: 2 },
  { mode: 'bound', factor: 2, budget: 5 },
];

describe.each(exportFormats)('stored images of several scales in %s', (format) => {
  it.each(formations)('are decoded as their description says: $mode', async (formation) => {
    const small = datasetOf(['a', 'b', 'c'], 1);
    const run = placeRun(small, { formation });
    const { decoded } = truth(run, 3);
    const { folder } = await exportRun({ run, format, form: 'stored' });
    using set = await openDistilledSet(folder);
    expect(set.formation).toEqual(formation);
    const { images } = evaluated(set, small);
    expect(images).toHaveLength(decoded.length);
    if (exact(format)) expectPixels(images, decoded);
  });
});

describe('what a set says of itself', () => {
  it('is not overruled by options', async () => {
    const run = placeRun(dataset, { imagesPerClass: 1 });
    const { folder } = await exportRun({ run, format: 'png', form: 'stored' });
    for (const path of [folder, run]) {
      const two = { formation: { mode: 'single', factor: 2 } } as const;
      (await openDistilledSet(path, two))[Symbol.dispose]();
      const before = liveTensors();
      const three = { formation: { mode: 'single', factor: 3 } } as const;
      await expect(openDistilledSet(path, three)).rejects.toThrow(/"factor":2.*leave --factor out/);
      const { normalization: normalized } = dataset;
      await expect(openDistilledSet(path, { normalized })).rejects.toThrow(
        /leave --normalized out/,
      );
      expect(liveTensors()).toBe(before);
    }
  });

  it('must be true of its files', async () => {
    const { folder } = await exportRun({
      run: placeRun(dataset, { imagesPerClass: 1 }),
      format: 'png',
    });
    const first = join(folder, readdirSync(folder).sort()[0]!);
    rmSync(join(first, '2.png'));
    await expect(openDistilledSet(folder)).rejects.toThrow(
      /00-cafe holds 3 pictures; distilled\.json announces 4/,
    );
    for (const format of ['pt', 'npz', 'safetensors', 'parquet'] as const) {
      const run = placeRun(dataset, { imagesPerClass: 1 });
      const kept = (await exportRun({ run, format })).folder;
      const other = (await exportRun({ run, format, form: 'stored' })).folder;
      cpSync(join(other, dataFiles[format]), join(kept, dataFiles[format]));
      const before = liveTensors();
      await expect(openDistilledSet(kept)).rejects.toThrow(
        /distilled\.json beside it announces|no array|probabilities/,
      );
      expect(liveTensors()).toBe(before);
    }
  });
});
