import type { Span } from '../../core/spans.js';
import { joined, joinedImages, rowsOf, storedImages, totalOf } from '../../distill/blocks.js';
import type { ClassShare } from '../../distill/class-share.js';
import { type FineTuningDraw, fineTuningBlock } from '../../distill/fine-tuning.js';
import { decode } from '../../distill/formation.js';
import { drawOfClasses, matchedFeatures } from '../../distill/matched-features.js';
import type { SyntheticImages } from '../../distill/synthetic.js';
import { grad, noGrad, scope, type Tensor, zeros } from '../../tensor/index.js';
import { type MatchingContext, matchingLoss, type RealBatch } from './matching.js';
import { type OwnObjective, samplingObjective } from './sampling-objectives.js';

/** What one iteration's loss is made of. */
export interface Objective {
  readonly synthetic: SyntheticImages;
  /** Whose classes' gradients are computed here. */
  readonly share: ClassShare;
  readonly realBatch: RealBatch;
  readonly context: Pick<MatchingContext, 'dataset' | 'extractor'>;
  /** [T, d] in parts; at most one is a leaf with gradients on, which a sampling network learns from. */
  readonly frequencies: readonly Tensor[];
  /** What the sampling network ascends; the images' loss when left out. */
  readonly samplingObjective?: OwnObjective | undefined;
  /** Groups that the features come in: classes × clusters per class. */
  readonly partitions: number;
  /** Numbers of groups per class at which the discrepancy is taken. */
  readonly groupings: readonly number[];
  readonly alpha: number;
  readonly discrepancyWeight: number;
  /** Added to the loss. */
  readonly fineTuning?: FineTuningDraw | undefined;
  readonly classesAtOnce: number;
}

export interface ObjectiveGradients {
  /** Discrepancy of each class [classes]. */
  readonly discrepancies: Tensor;
  /** Mean cross-entropy over the classes; a scalar. */
  readonly fineTuneLoss: Tensor | undefined;
  /** With respect to the stored images of the process's own classes. */
  readonly images: Tensor;
  /**
   * With respect to the part of the frequencies that has gradients on: of the images' loss, or of the mean over classes
   * of the sampling network's own objective.
   */
  readonly frequencies: Tensor | undefined;
  /** The sampling network's own objective for each class [classes]. */
  readonly samplingObjectives: Tensor | undefined;
}

/**
 * The gradients of an iteration's loss, block of classes by block of classes: the loss is a sum over classes and each
 * class has images of its own, so that only one block's intermediate values are in memory at a time. What a block adds
 * to the gradient of the frequencies is summed, so that it goes back through the sampling network once.
 */
export function objectiveGradients(objective: Objective): ObjectiveGradients {
  return scope(() => {
    const { share, synthetic } = objective;
    const blocks: BlockGradients[] = [];
    for (const span of share.spans(objective.classesAtOnce)) {
      const block = scope(() => blockGradients(objective, span));
      blocks.push(block);
      if (blocks.length > 1) addInto(blocks[0]!.frequencies, block.frequencies);
    }
    const ofClasses = (values: readonly Tensor[]): Tensor =>
      share.gather(values.length > 0 ? joined(values) : noRows(synthetic), 1);
    const frequencies = blocks.length > 0 ? blocks[0]!.frequencies : noGradient(objective);
    return {
      discrepancies: ofClasses(blocks.map(({ discrepancies }) => discrepancies)),
      fineTuneLoss: objective.fineTuning && fineTuneMean(blocks, objective),
      images: joinedImages(blocks, synthetic),
      frequencies: frequencies && share.sum(frequencies),
      samplingObjectives:
        objective.samplingObjective && ofClasses(blocks.map((block) => block.samplingObjectives!)),
    };
  });
}

/** Of a process that has no class. */
function noRows({ images }: SyntheticImages): Tensor {
  return zeros([0], { device: images.device });
}

function noGradient({ frequencies }: Objective): Tensor | undefined {
  const learned = frequencies.find((part) => part.requiresGrad);
  return learned && zeros(learned.shape, { device: learned.device });
}

interface BlockGradients {
  readonly discrepancies: Tensor;
  /** Summed over the block's classes. */
  readonly fineTuneLoss: Tensor | undefined;
  readonly images: Tensor;
  readonly frequencies: Tensor | undefined;
  readonly samplingObjectives: Tensor | undefined;
}

function blockGradients(objective: Objective, span: Span): BlockGradients {
  const matching = scope(() => matchingGradients(objective, span));
  if (objective.fineTuning === undefined) return { ...matching, fineTuneLoss: undefined };
  // One after the other: the intermediate values of two networks at once would take twice the memory.
  const { loss, images } = fineTuningBlock(objective.fineTuning, objective.synthetic, span);
  return { ...matching, fineTuneLoss: loss, images: matching.images.add(images) };
}

function matchingGradients(objective: Objective, span: Span): Omit<BlockGradients, 'fineTuneLoss'> {
  const { discrepancyWeight, samplingObjective: own } = objective;
  const stored = storedImages(objective.synthetic, span);
  const features = syntheticFeatures(objective, stored, span);
  const frequencies = objective.frequencies.map((part) => (own ? part.detach() : part));
  const discrepancies = blockDiscrepancies(objective, features, frequencies, span);
  const loss = discrepancies.sum().mul(discrepancyWeight);
  const learned = frequencies.filter((part) => part.requiresGrad);
  const [images, frequencyGradient] = grad([loss], [stored, ...learned]);
  const matched = { discrepancies: discrepancies.detach(), images: images! };
  if (own === undefined)
    return { ...matched, frequencies: frequencyGradient, samplingObjectives: undefined };
  return { ...matched, ...samplingGradients(objective, own, features.detach(), span) };
}

/** The sampling network's own objective, and the block's part of the gradient of its mean over all classes. */
function samplingGradients(
  { realBatch, share, synthetic, frequencies }: Objective,
  own: OwnObjective,
  features: Tensor,
  span: Span,
): Pick<BlockGradients, 'frequencies' | 'samplingObjectives'> {
  const learned = frequencies.find((part) => part.requiresGrad);
  if (learned === undefined)
    throw new TypeError('an objective of the sampling network needs frequencies with gradients on');
  const values = samplingObjective(ofClasses(own, span, synthetic.classes), {
    real: share.rows(realBatch.features, span),
    synthetic: features,
    frequencies: learned,
    classes: span.length,
  });
  const [gradient] = grad([values.sum().div(synthetic.classes)], [learned]);
  return { frequencies: gradient, samplingObjectives: values.detach() };
}

function ofClasses(objective: OwnObjective, span: Span, classes: number): OwnObjective {
  if (objective.kind !== 'agreement') return objective;
  const { first, second, size } = objective.halves;
  const [one, other] = [first, second].map((rows) => rowsOf(rows, span, classes));
  return { ...objective, halves: { first: one!, second: other!, size } };
}

/** The features of the block's decoded images, under the same augmentation as the real ones. */
function syntheticFeatures(
  { synthetic, realBatch, context }: Objective,
  stored: Tensor,
  span: Span,
): Tensor {
  const decoded = decode(stored, span.length, synthetic.formation);
  const draw = drawOfClasses(realBatch.augmentation, span);
  return matchedFeatures(decoded, { ...context, unit: true }, draw);
}

function blockDiscrepancies(
  { synthetic: { classes }, share, realBatch, partitions, groupings, alpha }: Objective,
  features: Tensor,
  frequencies: readonly Tensor[],
  span: Span,
): Tensor {
  return matchingLoss(share.rows(realBatch.features, span), features, frequencies, {
    partitions: (partitions / classes) * span.length,
    classes: span.length,
    groupings,
    alpha,
  });
}

function addInto(sum: Tensor | undefined, part: Tensor | undefined): void {
  if (sum === undefined || part === undefined) return;
  noGrad(() => sum.add_(part));
  part.dispose();
}

function fineTuneMean(blocks: readonly BlockGradients[], { share, synthetic }: Objective): Tensor {
  const losses = blocks.map(({ fineTuneLoss }) => fineTuneLoss!);
  return share.sum(totalOf(losses, synthetic)).div(synthetic.classes);
}
