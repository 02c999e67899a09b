import { type Dataset, RandomGenerator, type Tensor } from 'ncfm';
import { applySiamese, defaultSiamese, drawSiamese, normalize, type SiameseDraw } from 'ncfm/data';
import {
  characteristicFunction,
  discrepancy,
  labelsByClass,
  normalizeFeatures,
  type SyntheticImages,
} from 'ncfm/methods';
import type { ImageModel } from 'ncfm/models';
import { crossEntropy, grad, loadPt, savePt, scope, tensor } from 'ncfm/tensor';
import { featureDimension } from './flops.js';
import type { LossJob, LossResult } from './jobs.js';
import type { Problem } from './settings.js';
import { newModel, openDataset, openSynthetic, readState } from './workload.js';

const lossWeight = 300;

/** Writes weights, real images, stored synthetic images, augmentations and frequencies for both sides. */
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
      draws: numbersOf(drawsOf(problem)),
      frequencies: random.normal([problem.frequencies, featureDimension(problem)]),
    });
  });
}

/** The augmentation of matching, and that of fine-tuning. */
function drawsOf({ shape: [, height, width], classes: groups }: Problem): SiameseDraw[] {
  const random = new RandomGenerator(1);
  return [0, 1].map(() => drawSiamese(defaultSiamese, { groups, height, width, random }));
}

/** [draws, classes, 9]: three colours, two shifts, the four sides of the cutout. */
function numbersOf(draws: readonly SiameseDraw[]): Tensor {
  const rows = draws.flatMap(({ groups }) =>
    groups.map(({ brightness, saturation, contrast, shift, cutout }) => {
      const { top, bottom, left, right } = cutout ?? { top: 0, bottom: 0, left: 0, right: 0 };
      return [
        brightness,
        saturation,
        contrast,
        shift.rows,
        shift.columns,
        top,
        bottom,
        left,
        right,
      ];
    }),
  );
  return tensor(rows.flat(), [draws.length, rows.length / draws.length, 9], 'float64');
}

/** Our losses for the same input, discrepancies before cross-entropies, and how far our gradients are from PyTorch's. */
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
    const side: Side = { model, dataset, problem, synthetic };
    const theirs = loadPt(job.pytorchGradient) as Record<'matching' | 'fineTuning', Tensor>;
    const [draw, tuningDraw] = drawsOf(problem) as [SiameseDraw, SiameseDraw];
    const matching = matchingLosses(side, given, draw);
    const tuning = fineTuningLosses(side, tuningDraw);
    const distance = (losses: readonly Tensor[], reference: Tensor): number =>
      relativeDistance(grad(losses, [synthetic.images])[0]!, reference);
    return {
      losses: [...matching.toFloat32Array(), ...tuning.map((loss) => loss.item())],
      gradientDifference: Math.max(
        distance([matching.sum()], theirs.matching),
        distance(tuning, theirs.fineTuning),
      ),
    };
  });
}

interface Side {
  readonly model: ImageModel;
  readonly dataset: Dataset;
  readonly problem: Problem;
  readonly synthetic: SyntheticImages;
}

/** Of each class, [classes]. */
function matchingLosses(
  { model, dataset, problem, synthetic }: Side,
  { real, frequencies }: { readonly real: Tensor; readonly frequencies: Tensor },
  draw: SiameseDraw,
): Tensor {
  const [x, s] = [real, synthetic.decode()].map((images) => {
    const augmented = applySiamese(normalize(images, dataset.normalization), draw);
    const features = normalizeFeatures(model.features(augmented));
    return characteristicFunction(features, frequencies, problem.classes);
  });
  return discrepancy(x!, s!).mul(lossWeight);
}

/** Of each class, a scalar. */
function fineTuningLosses(
  { model, dataset, problem, synthetic }: Side,
  draw: SiameseDraw,
): Tensor[] {
  const { classes } = problem;
  const { decodedPerClass } = synthetic;
  const logits = model.logits(
    applySiamese(normalize(synthetic.decode(), dataset.normalization), draw),
  );
  const labels = labelsByClass(classes, decodedPerClass, 'cpu');
  return Array.from({ length: classes }, (_, label) => {
    const rows = [label * decodedPerClass, decodedPerClass] as const;
    return crossEntropy(logits.narrow(0, ...rows), labels.narrow(0, ...rows));
  });
}

function copyInto({ images }: SyntheticImages, values: Tensor): void {
  images.setRequiresGrad(false).copy_(values);
  images.setRequiresGrad(true);
}

function relativeDistance(x: Tensor, reference: Tensor): number {
  const length = (values: Tensor): number => Math.sqrt(values.square().sum().item());
  return length(x.sub(reference)) / length(reference);
}
