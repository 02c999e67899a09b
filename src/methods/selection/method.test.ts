import { beforeAll, describe, expect, it } from 'vitest';
import { type Dataset, pixelsToTensor } from '../../data/index.js';
import {
  forgettingSelector,
  herdingSelector,
  type ImageSelector,
  kCentreSelector,
  randomSelector,
  selectImages,
} from '../../distill/index.js';
import { fewDigits } from '../../distill/testing/digits.js';
import { buildModel } from '../../models/index.js';
import { smallPlan } from '../../plan/testing/plan.js';
import { liveTensors, scope } from '../../tensor/index.js';
import { RandomGenerator, testDevice } from '../../tensor/testing/on-device.js';
import { ExtractorPool, imageFeatures } from '../../train/index.js';
import type { MethodInput } from '../method.js';
import { methodOf } from '../registry.js';
import { selectionDefaults } from '../schema.js';
import { forgettingScores } from './forgetting-scores.js';

let dataset: Dataset;
beforeAll(async () => {
  dataset = await fewDigits(3, 20);
});

const pretrain = { ...smallPlan.pretrain, length: { steps: 30 }, batchSize: 16 };
const build = (random = new RandomGenerator(0)) =>
  buildModel(smallPlan.model, dataset.shape, 3, random);

/** Untrained networks in place of trained ones, all different. */
const networks = (seed: number) => {
  const state = (more: number) => build(new RandomGenerator(seed + more)).state();
  return { initial: state(0), trained: state(100) };
};

const inputOf = (method: string, pool: ExtractorPool): MethodInput => ({
  dataset,
  options: { method, imagesPerClass: 4, ...selectionDefaults },
  pool,
  buildModel: build,
  pretrain,
  random: new RandomGenerator(9),
});

/** The features of the pool's first trained network. */
async function featuresOf(indices: Int32Array) {
  using network = build(new RandomGenerator(101));
  return await imageFeatures(network, dataset, indices, { device: testDevice });
}

const selectors: Readonly<Record<string, () => Promise<ImageSelector>>> = {
  random: async () => randomSelector(new RandomGenerator(9)),
  herding: async () => herdingSelector(featuresOf),
  'k-centre': async () => kCentreSelector(featuresOf),
  forgetting: async () => {
    const random = new RandomGenerator(9);
    const training = { train: dataset, buildModel: build, options: pretrain };
    const scores = await forgettingScores({ ...training, random: random.derive('training') });
    return forgettingSelector(scores, random.derive('ties'));
  },
};

describe.each(Object.entries(selectors))('the method %s', (method, selectorOf) => {
  it('takes one step, to the images that the selector chooses', async () => {
    const before = liveTensors();
    const { indices, loss } = await selectImages(dataset, 4, await selectorOf());
    const chosen = scope(() =>
      pixelsToTensor(dataset.read(indices), 12, dataset.shape, testDevice).toFloat32Array(),
    );
    using pool = new ExtractorPool([networks(1), networks(2)]);
    using distiller = await methodOf(method).start(inputOf(method, pool));
    using synthetic = distiller.synthetic;
    expect(synthetic.images.toFloat32Array()).not.toEqual(chosen);
    expect(distiller.step()).toEqual({ loss, terms: {} });
    expect(synthetic.images.toFloat32Array()).toEqual(chosen);
    distiller[Symbol.dispose]();
    synthetic.dispose();
    pool.dispose();
    expect(liveTensors()).toBe(before);
  });
});

it.each(['herding', 'k-centre', 'forgetting', 'rded'])(
  'the method %s leaves no tensors when it is stopped',
  async (method) => {
    const before = liveTensors();
    const pool = new ExtractorPool([networks(1)]);
    const options = { factor: 1, candidates: 9, crops: 2, observers: 1 };
    const input = inputOf(method, pool);
    const signal = AbortSignal.abort(new Error('stop, please'));
    const stopped = { ...input, options: { ...input.options, ...options }, signal };
    await expect(methodOf(method).start(stopped)).rejects.toThrow('stop, please');
    pool.dispose();
    expect(liveTensors()).toBe(before);
  },
);
