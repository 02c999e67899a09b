import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultSiamese, drawSiamese } from '../../augment/index.js';
import { type Dataset, pixelsToTensor } from '../../data/index.js';
import { matchedFeatures } from '../../distill/matched-features.js';
import { fewDigits } from '../../distill/testing/digits.js';
import { buildModel } from '../../models/index.js';
import { engine, grad } from '../../tensor/index.js';
import { native } from '../../tensor/native.js';
import { numbers } from '../../tensor/testing/compare.js';
import { describeOnHost, RandomGenerator } from '../../tensor/testing/on-device.js';
import { gaussianFrequencies } from './frequencies.js';
import { matchingLoss } from './matching.js';

/** The discrepancy of random images to digits, by features of a ConvNet, and its gradient. */
function lossAndGradient(dataset: Dataset): { loss: number; gradient: number[] } {
  const random = new RandomGenerator(1);
  const classes = dataset.classNames.length;
  const { height, width } = dataset.shape;
  const extractor = buildModel(
    { name: 'convnet', depth: 3, width: 32 },
    dataset.shape,
    classes,
    random,
  ).setRequiresGrad(false);
  const extraction = { dataset, extractor, unit: true };
  const draw = drawSiamese(defaultSiamese, { groups: classes, height, width, random });
  const every = dataset.labels.length;
  const pixels = dataset.read(Array.from({ length: every }, (_, index) => index));
  const digits = pixelsToTensor(pixels, every, dataset.shape, random.device);
  const real = matchedFeatures(digits, extraction, draw);
  const synthetic = random
    .normal([4 * classes, dataset.shape.channels, height, width])
    .mul(0.2)
    .add(digits.mean())
    .setRequiresGrad(true);
  const frequencies = gaussianFrequencies(256, extractor.featureDimension, 1, random);
  const loss = matchingLoss(real, matchedFeatures(synthetic, extraction, draw), [frequencies], {
    ...{ partitions: classes, classes, groupings: [1], alpha: 0.5 },
  }).sum();
  return { loss: loss.item(), gradient: numbers(grad([loss], [synthetic])[0]!) };
}

const cosine = (a: readonly number[], b: readonly number[]): number => {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, index) => sum + value * y[index]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describeOnHost('the loss of matching and its gradient', () => {
  const used = native.instructionSet();
  let dataset: Dataset;
  beforeAll(async () => {
    dataset = await fewDigits(5, 20);
  });
  afterAll(() => void native.instructionSet(used));

  it.each([...engine().instructionSets])('computed by %s are those of baseline', (name) => {
    native.instructionSet('baseline');
    const exact = lossAndGradient(dataset);
    native.instructionSet(name);
    const { loss, gradient } = lossAndGradient(dataset);
    const [ofLoss, ofGradient] = name === 'amx_bf16' ? [1e-2, 3e-2] : [1e-4, 1e-4];
    expect(Math.abs(loss / exact.loss - 1)).toBeLessThan(ofLoss);
    expect(1 - cosine(gradient, exact.gradient)).toBeLessThan(ofGradient);
  });
});
