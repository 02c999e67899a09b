import {
  characteristicFunction,
  discrepancy,
  grad,
  type ImageModel,
  loadPt,
  normalize,
  normalizeFeatures,
  RandomGenerator,
  type SyntheticImages,
  savePt,
  scope,
  type Tensor,
} from 'ncfm';
import { featureDimension } from './flops.js';
import type { LossJob, LossResult } from './jobs.js';
import { newModel, openDataset, openSynthetic, readState } from './workload.js';

const lossWeight = 300;

/** Writes weights, real images, stored synthetic images and frequencies for both sides. */
export function writeLossInput({ problem, prepared, input }: LossJob): void {
  scope(() => {
    const random = new RandomGenerator(0);
    const dataset = openDataset(problem, prepared);
    using synthetic = openSynthetic(problem, dataset, random);
    using real = openSynthetic(
      { ...problem, imagesPerClass: problem.realBatch, factor: 1 },
      dataset,
      random,
    );
    const [, trained] = prepared.networks[0]!;
    savePt(input, {
      network: Object.fromEntries(readState(trained)),
      real: real.images,
      stored: synthetic.images,
      frequencies: random.normal([problem.frequencies, featureDimension(problem)]),
    });
  });
}

/** Our losses for the same input, and how far our gradient is from PyTorch's. */
export function lossOf(job: LossJob & { readonly pytorchGradient: string }): LossResult {
  const { problem, prepared, input } = job;
  return scope(() => {
    const dataset = openDataset(problem, prepared);
    const given = loadPt(input) as Record<'real' | 'stored' | 'frequencies', Tensor>;
    using model = newModel(problem, new RandomGenerator(0));
    const [, trained] = prepared.networks[0]!;
    model.loadState(readState(trained));
    model.setRequiresGrad(false);
    using synthetic = openSynthetic(problem, dataset, new RandomGenerator(0));
    copyInto(synthetic, given.stored);
    const features = (images: Tensor): Tensor => featuresOf(model, images, dataset.normalization);
    const [x, s] = [given.real, synthetic.decode()].map((images) =>
      characteristicFunction(features(images), given.frequencies, problem.classes),
    );
    const losses = discrepancy(x!, s!).mul(lossWeight);
    const gradient = grad([losses.sum()], [synthetic.images])[0]!;
    return {
      losses: [...losses.toFloat32Array()],
      gradientDifference: relativeDistance(gradient, loadPt(job.pytorchGradient) as Tensor),
    };
  });
}

function featuresOf(
  model: ImageModel,
  images: Tensor,
  normalization: Parameters<typeof normalize>[1],
): Tensor {
  return normalizeFeatures(model.features(normalize(images, normalization)));
}

function copyInto({ images }: SyntheticImages, values: Tensor): void {
  images.setRequiresGrad(false).copy_(values);
  images.setRequiresGrad(true);
}

function relativeDistance(x: Tensor, reference: Tensor): number {
  const length = (values: Tensor): number => Math.sqrt(values.square().sum().item());
  return length(x.sub(reference)) / length(reference);
}
