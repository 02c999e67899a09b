import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Artifacts } from '../core/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import {
  batch,
  classSubset,
  type Dataset,
  openStoredDataset,
  splitDataset,
  storeDataset,
  subset,
} from '../data/index.js';
import { loadDigits } from '../data/readers/digits.js';
import { inspectableDataset, inspectDataset } from '../data/reading.js';
import { PrivateDataset } from '../data/testing/private-dataset.js';
import { realImages } from '../distill/index.js';
import { evaluate } from '../evaluate/index.js';
import { distillDataset } from '../pipeline/distill-dataset.js';
import { smallPlan } from '../plan/testing/plan.js';
import { liveTensors, scope } from '../tensor/index.js';
import { RandomGenerator, testDevice } from '../tensor/testing/on-device.js';
import { WorkerPool } from '../workers/pool.js';
import { trainCandidates } from './search/train-candidates.js';

let digits: Dataset;
beforeAll(async () => {
  digits = subset(
    (await loadDigits()).train,
    Int32Array.from({ length: 300 }, (_, i) => i),
    'few',
  );
});

const everything = (dataset: Dataset): Int32Array =>
  Int32Array.from({ length: dataset.labels.length }, (_, index) => index);

/** What is seen of a dataset from outside. */
function contentOf(dataset: Dataset) {
  const { name, split, shape, classNames, labels, normalization, hash } = dataset;
  const pixels = dataset.read(everything(dataset));
  return { name, split, shape, classNames, labels, normalization, hash, pixels };
}

/** What can be done with a dataset; the outcome of each is told by its values. */
const uses: Record<string, (dataset: Dataset) => unknown> = {
  'is read in batches': (dataset) => {
    const { images, labels } = batch(dataset, [2, 0, 2], testDevice);
    using _images = images;
    using _labels = labels;
    return [images.toFloat32Array(), labels.toArray()];
  },
  'has parts': (dataset) => contentOf(subset(dataset, [5, 3, 5], 'part')),
  'has parts of some classes': (dataset) => contentOf(classSubset(dataset, [3, 1])),
  'is divided': (dataset) => {
    const parts = splitDataset(dataset, { fraction: 0.3, random: new RandomGenerator(1) });
    return [contentOf(parts.train), contentOf(parts.validation)];
  },
  'is inspected': (dataset) => inspectDataset([inspectableDataset(dataset)]),
  'is stored for other processes': (dataset) => {
    const folder = join(temporaryFolder(), 'stored');
    storeDataset(dataset, folder);
    return contentOf(openStoredDataset(folder));
  },
  'gives real images to start from': (dataset) =>
    scope(() => realImages(dataset, 2, new RandomGenerator(1)).toFloat32Array()),
  'is distilled': async (dataset) => {
    const cache = temporaryFolder();
    const distill = { ...smallPlan.distill, iterations: 4, fineTuneWeight: 1 };
    const plan = { ...smallPlan, distill };
    using synthetic = await distillDataset({ train: dataset, plan, cache });
    return synthetic.images.toFloat32Array();
  },
  'is learned from and tested on by worker processes': async (dataset) => {
    using workers = new WorkerPool({ workers: 2, threads: 1 });
    const result = await evaluate({
      set: 'all',
      data: () => dataset,
      normalization: dataset.normalization,
      test: dataset,
      model: smallPlan.student,
      steps: 4,
      options: smallPlan.evaluate,
      random: new RandomGenerator(5),
      workers,
      onEvent: () => {},
    });
    return JSON.parse(JSON.stringify(result));
  },
  'is what a search trains on': async (dataset) => {
    using workers = new WorkerPool({ workers: 1, threads: 1 });
    const candidate = { name: 'small', model: smallPlan.student };
    const scores = await trainCandidates(
      {
        workers,
        finished: new Artifacts(temporaryFolder()),
        testAtOnce: 100,
        random: new RandomGenerator(1),
        onEvent: () => {},
      },
      {
        set: 'all',
        data: () => dataset,
        test: dataset,
        steps: 4,
        options: smallPlan.evaluate,
        seeds: 1,
      },
      [candidate],
    );
    return [...scores.values()].map(({ accuracy, steps }) => ({ accuracy, steps }));
  },
};

describe("a user's own class of dataset, with private fields,", () => {
  it.each(Object.entries(uses))('%s as any other', async (_, use) => {
    const expected = await use(digits);
    const before = liveTensors();
    expect(await use(new PrivateDataset(digits))).toEqual(expected);
    expect(liveTensors()).toBe(before);
  });
});
