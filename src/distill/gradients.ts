import { normalize } from '../augment/index.js';
import type { ImageModel } from '../models/index.js';
import { crossEntropy } from '../nn/index.js';
import { cat, grad, noGrad, scope, type Tensor } from '../tensor/index.js';
import { type Span, spans } from './chunks.js';
import { decode } from './formation.js';
import {
  extractFeatures,
  type MatchingContext,
  type MatchingTarget,
  matchingLoss,
} from './matching.js';
import type { SyntheticImages } from './synthetic.js';

/** A trained network that the synthetic images are to be classified by. */
export interface FineTuning {
  readonly network: ImageModel;
  /** The classes of all decoded images, int64. */
  readonly labels: Tensor;
  /** Weight of its loss, which is summed over classes like the discrepancy. */
  readonly weight: number;
}

/** What one iteration's loss is made of. */
export interface Objective {
  readonly synthetic: SyntheticImages;
  readonly target: MatchingTarget;
  readonly context: Pick<MatchingContext, 'dataset' | 'extractor'>;
  /** [T, d] in parts; at most one is a leaf with gradients on, which a sampling network learns from. */
  readonly frequencies: readonly Tensor[];
  /** Groups that the features come in: classes × clusters per class. */
  readonly partitions: number;
  /** Numbers of groups per class at which the discrepancy is taken. */
  readonly groupings: readonly number[];
  readonly alpha: number;
  readonly discrepancyWeight: number;
  readonly fineTuning?: FineTuning | undefined;
  /** Classes that are forward and backward at once. */
  readonly classesAtOnce: number;
}

export interface ObjectiveGradients {
  /** Discrepancy of each class [classes]. */
  readonly discrepancies: Tensor;
  /** Mean cross-entropy over the classes; a scalar. */
  readonly fineTuneLoss: Tensor | undefined;
  /** With respect to the stored images. */
  readonly images: Tensor;
  /** With respect to the part of the frequencies that has gradients on. */
  readonly frequencies: Tensor | undefined;
}

/**
 * The gradients of an iteration's loss, block of classes by block of classes: the loss is a sum over classes and each
 * class has images of its own, so that only one block's intermediate values are in memory at a time. What a block adds
 * to the gradient of the frequencies is summed, so that it goes back through the sampling network once.
 */
export function objectiveGradients(objective: Objective): ObjectiveGradients {
  return scope(() => {
    const blocks: BlockGradients[] = [];
    for (const span of spans(objective.synthetic.classes, objective.classesAtOnce)) {
      const block = scope(() => blockGradients(objective, span));
      blocks.push(block);
      if (blocks.length > 1) addInto(blocks[0]!.frequencies, block.frequencies);
    }
    return {
      discrepancies: joined(blocks.map(({ discrepancies }) => discrepancies)),
      fineTuneLoss: objective.fineTuning && fineTuneMean(blocks, objective.synthetic.classes),
      images: joined(blocks.map(({ images }) => images)),
      frequencies: blocks[0]!.frequencies,
    };
  });
}

interface BlockGradients {
  readonly discrepancies: Tensor;
  /** Summed over the block's classes. */
  readonly fineTuneLoss: Tensor | undefined;
  readonly images: Tensor;
  readonly frequencies: Tensor | undefined;
}

function blockGradients(objective: Objective, span: Span): BlockGradients {
  const matching = scope(() => matchingGradients(objective, span));
  if (objective.fineTuning === undefined) return { ...matching, fineTuneLoss: undefined };
  // One after the other: the intermediate values of two networks at once would take twice the memory.
  const { loss, images } = scope(() => fineTuneGradients(objective, objective.fineTuning!, span));
  return { ...matching, fineTuneLoss: loss, images: matching.images.add(images) };
}

/** The block's stored images, as a leaf of its own: a slice of the whole would get a gradient of the whole's size. */
function storedImages({ synthetic }: Objective, span: Span): Tensor {
  return rowsOf(synthetic.images, span, synthetic.classes).detach().setRequiresGrad(true);
}

function matchingGradients(objective: Objective, span: Span): Omit<BlockGradients, 'fineTuneLoss'> {
  const { synthetic, frequencies, discrepancyWeight } = objective;
  const stored = storedImages(objective, span);
  const decoded = decode(stored, span.length, synthetic.formation);
  const discrepancies = blockDiscrepancies(objective, decoded, span);
  const loss = discrepancies.sum().mul(discrepancyWeight);
  const learned = frequencies.filter((part) => part.requiresGrad);
  const [images, frequencyGradient] = grad([loss], [stored, ...learned]);
  return {
    discrepancies: discrepancies.detach(),
    images: images!,
    frequencies: frequencyGradient,
  };
}

/** The loss is summed over the block's classes; the gradient is that of the weighted loss. */
function fineTuneGradients(
  objective: Objective,
  { network, labels, weight }: FineTuning,
  span: Span,
): { loss: Tensor; images: Tensor } {
  const { synthetic, context } = objective;
  const stored = storedImages(objective, span);
  const decoded = decode(stored, span.length, synthetic.formation);
  const logits = network.logits(normalize(decoded, context.dataset.normalization));
  const loss = crossEntropy(logits, rowsOf(labels, span, synthetic.classes)).mul(span.length);
  const [images] = grad([loss.mul(weight)], [stored]);
  return { loss: loss.detach(), images: images! };
}

function blockDiscrepancies(objective: Objective, decoded: Tensor, span: Span): Tensor {
  const { synthetic, target, context, frequencies, partitions, groupings, alpha } = objective;
  const { classes } = synthetic;
  const augmentation = {
    ...target.augmentation,
    groups: target.augmentation.groups.slice(span.start, span.start + span.length),
  };
  return matchingLoss(
    rowsOf(target.features, span, classes),
    extractFeatures(decoded, context, augmentation),
    frequencies,
    {
      partitions: (partitions / classes) * span.length,
      classes: span.length,
      groupings,
      alpha,
    },
  );
}

/** The rows of some classes, of a tensor that has equally many of each; a view. */
function rowsOf(values: Tensor, { start, length }: Span, classes: number): Tensor {
  const perClass = values.size(0) / classes;
  return values.narrow(0, start * perClass, length * perClass);
}

function addInto(sum: Tensor | undefined, part: Tensor | undefined): void {
  if (sum === undefined || part === undefined) return;
  noGrad(() => sum.add_(part));
  part.dispose();
}

function fineTuneMean(blocks: readonly BlockGradients[], classes: number): Tensor {
  return blocks
    .map(({ fineTuneLoss }) => fineTuneLoss!)
    .reduce((sum, loss) => sum.add(loss))
    .div(classes);
}

function joined(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : cat(parts);
}
