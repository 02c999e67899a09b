// A process that has two workers train for long, and tells their process numbers on one line once both do. The folder
// that it may use is its argument.

import { noAugmentation } from '../../../dist/entries/data.js';
import { WorkerPool } from '../../../dist/entries/run.js';
import { standInDevice } from '../../../dist/entries/tensor.js';
import { arrayDataset, RandomGenerator } from '../../../dist/index.js';

const named = process.env.NCFM_TEST_DEVICE || 'cpu';
const device = named === 'stand-in' ? standInDevice : named;

const shape = { channels: 1, height: 4, width: 4 };
const test = arrayDataset({
  name: 'noise',
  split: 'test',
  shape,
  pixels: new Uint8Array(32).map((_, pixel) => pixel),
  labels: [0, 1],
});
const pool = new WorkerPool({ workers: 2, threads: 1, scratch: process.argv[2] ?? '' });
const training = new Set();
// Fifty events are told of a training: the first after a second or so.
const steps = 100_000;

/** @param {number} seed */
function train(seed) {
  return pool.train(
    {
      set: 'noise',
      data: () => test,
      normalization: test.normalization,
      test,
      model: { name: 'mlp' },
      steps,
      options: {
        length: { steps },
        batchSize: 2,
        optimizer: { kind: 'sgd', learningRate: 1e-6 },
        schedule: { kind: 'constant' },
        augmentation: noAugmentation,
        cutMix: 0,
        seeds: 2,
        labels: { mode: 'hard' },
        curve: { points: 0, trainingImages: 0 },
      },
      random: new RandomGenerator(1, device),
      onEvent: () => {
        if (training.has(seed)) return;
        training.add(seed);
        if (training.size === 2) process.stdout.write(`${JSON.stringify(pool.pids)}\n`);
      },
    },
    seed,
  );
}

await Promise.all([train(1), train(2)]);
