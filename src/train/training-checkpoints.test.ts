import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noAugmentation, officialTraining } from '../augment/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/readers/digits.js';
import { buildModel, type ModelOptions } from '../models/index.js';
import { hashTensors, liveTensors } from '../tensor/index.js';
import { RandomGenerator, testDevice } from '../tensor/testing/on-device.js';
import { datasetSource, type TrainOptions, train } from './train.js';
import { TrainingCheckpoints } from './training-checkpoints.js';

const { train: digits } = await loadDigits();

const plain: TrainOptions = {
  batchSize: 100,
  optimizer: { kind: 'sgd', learningRate: 0.02, momentum: 0.9 },
  schedule: { kind: 'multi-step', milestones: [0.5], factor: 0.2 },
  augmentation: noAugmentation,
  cutMix: 0,
};
const trainings: [string, ModelOptions, TrainOptions][] = [
  ['momentum and milestones', { name: 'convnet', depth: 2, width: 4 }, plain],
  [
    'batch normalisation, augmentation and CutMix',
    { name: 'convnet', depth: 2, width: 4, norm: 'batch' },
    {
      ...plain,
      optimizer: { kind: 'adamw', learningRate: 5e-3 },
      schedule: { kind: 'plateau', factor: 0.5, patience: 1 },
      augmentation: officialTraining,
      cutMix: 0.5,
    },
  ],
  ['dropout', { name: 'mlp', width: 16, dropout: 0.3 }, plain],
];

interface Stop {
  readonly folder: string;
  readonly after?: number;
}

/** Trains for 24 steps, or until it is told to stop; the hash of the network, and the steps that were taken. */
async function trained(model: ModelOptions, options: TrainOptions, stop?: Stop) {
  const controller = new AbortController();
  const random = new RandomGenerator(5);
  using network = buildModel(model, digits.shape, 10, random);
  const steps: number[] = [];
  const resumed: number[] = [];
  const damaged: string[] = [];
  const checkpoints =
    stop &&
    new TrainingCheckpoints({
      folder: stop.folder,
      seconds: null,
      onResume: (step) => resumed.push(step),
      onDamaged: (path) => damaged.push(path),
    });
  await train({
    model: network,
    source: datasetSource(digits, testDevice),
    steps: 24,
    options,
    random,
    checkpoints,
    signal: controller.signal,
    onStep: (step) => {
      steps.push(step);
      if (step === stop?.after) controller.abort(new Error('stopped here'));
    },
  }).catch((error: Error) => expect(error.message).toBe('stopped here'));
  return { hash: hashTensors(network.state()), steps, resumed, damaged, checkpoints };
}

describe('a training that was stopped', () => {
  it.each(trainings)('ends like one that was not: %s', async (_, model, options) => {
    const before = liveTensors();
    const whole = await trained(model, options);
    const folder = join(temporaryFolder(), 'training');
    // The digits are 14 batches: the second stop is in the second pass over them.
    await trained(model, options, { folder, after: 7 });
    await trained(model, options, { folder, after: 17 });
    const last = await trained(model, options, { folder });
    expect(last.resumed).toEqual([17]);
    expect(last.steps[0]).toBe(18);
    expect(last.hash).toBe(whole.hash);
    expect(liveTensors()).toBe(before);
    last.checkpoints!.clear();
    expect(existsSync(folder)).toBe(false);
  });

  it('begins anew where its checkpoint is damaged, says so, and ends alike', async () => {
    const [, model, options] = trainings[0]!;
    const folder = join(temporaryFolder(), 'training');
    await trained(model, options, { folder, after: 7 });
    const [name] = readdirSync(folder);
    const path = join(folder, name!);
    writeFileSync(path, readFileSync(path).subarray(1));
    const last = await trained(model, options, { folder });
    expect(last.damaged).toEqual([`${path}.damaged`]);
    expect(last.resumed).toEqual([]);
    expect(last.hash).toBe((await trained(model, options)).hash);
  });
});
