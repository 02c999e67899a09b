import {
  applySiamese,
  drawSiamese,
  normalize,
  type SiameseDraw,
  type SiameseOptions,
} from '../augment/index.js';
import type { Span } from '../core/spans.js';
import type { Dataset } from '../data/index.js';
import type { ImageModel } from '../models/index.js';
import { crossEntropy } from '../nn/index.js';
import { grad, keep, type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import type { ExtractorChoice, ExtractorPool } from '../train/extractors.js';
import { joinedImages, rowsOf, storedImages, totalOf } from './blocks.js';
import type { ClassShare } from './class-share.js';
import { decode } from './formation.js';
import { labelsByClass } from './labels.js';
import { drawOfClasses } from './matched-features.js';
import type { SyntheticImages } from './synthetic.js';

/**
 * Whether the images also descend their cross-entropy under a trained network of the pool, which the paper calls
 * calibration. `weight` is that of the mean over a class's decoded images; `augment` gives them the matching
 * augmentation, drawn for each class.
 * - joint: added to the discrepancy times its weight, for one step by the sum
 * - step: the same optimiser's second step in each iteration, at the images that the first one has moved (the official
 *   code)
 */
export type FineTuning =
  | { readonly kind: 'none' }
  | FineTuningForm<'joint'>
  | FineTuningForm<'step'>;

interface FineTuningForm<Kind extends string> {
  readonly kind: Kind;
  readonly weight: number;
  /**
   * Which network: where left out, a trained one of the pool; else that in which features are compared, at most so many
   * parts of its training later (TGDD, AAAI 2026). Needs snapshots of the training.
   */
  readonly within?: number;
  /** True when left out. */
  readonly augment?: boolean;
}

/** What one iteration's cross-entropy is made of. */
export interface FineTuningDraw {
  readonly network: ImageModel;
  readonly normalization: Dataset['normalization'];
  /** Undefined where the images are classified as they are. */
  readonly augmentation: SiameseDraw | undefined;
  /** The classes of all decoded images, int64. */
  readonly labels: Tensor;
  readonly weight: number;
}

/** Summed over the classes: the mean cross-entropy of each, and the gradient of the weighted sum. */
export interface FineTuningGradients {
  readonly loss: Tensor;
  /** With respect to the stored images. */
  readonly images: Tensor;
}

export interface FineTunerOptions {
  readonly fineTuning: Exclude<FineTuning, { kind: 'none' }>;
  readonly dataset: Dataset;
  readonly synthetic: SyntheticImages;
  readonly pool: ExtractorPool;
  /** Receives the trained networks' parameters; frozen, and taken over. */
  readonly network: ImageModel;
  readonly augmentation: SiameseOptions;
  /** Its own: drawing from it changes no other draw. */
  readonly random: RandomGenerator;
}

/** Draws the trained networks and the augmentations of fine-tuning. */
export class FineTuner implements Disposable {
  readonly #options: FineTunerOptions;
  readonly #labels: Tensor;

  constructor(options: FineTunerOptions) {
    this.#options = options;
    const { classes, decodedPerClass } = options.synthetic;
    this.#labels = keep(labelsByClass(classes, decodedPerClass, options.random.device));
  }

  /**
   * A network of the pool and an augmentation, which is drawn also where it is not used.
   *
   * @param matched in which features are compared
   */
  draw(matched: ExtractorChoice): FineTuningDraw {
    const { fineTuning, dataset, synthetic, pool, network, random } = this.#options;
    pool.writeInto(network, this.#choose(matched));
    const { height, width } = dataset.shape;
    const groups = synthetic.classes;
    const drawn = drawSiamese(this.#options.augmentation, { groups, height, width, random });
    const { weight, augment = true } = fineTuning;
    return {
      network,
      normalization: dataset.normalization,
      augmentation: augment ? drawn : undefined,
      labels: this.#labels,
      weight,
    };
  }

  #choose(matched: ExtractorChoice): ExtractorChoice {
    const { fineTuning, pool, random } = this.#options;
    const { within } = fineTuning;
    if (within === undefined) return { network: random.integer(pool.size), beta: 0 };
    if (!('part' in matched) || pool.trajectories === undefined) {
      throw new TypeError('a later network needs snapshots of the training');
    }
    const part = matched.part + random.integer(within + 1);
    return { network: matched.network, part: Math.min(part, pool.trajectories.parts) };
  }

  getState(): Uint8Array {
    return this.#options.random.getState();
  }

  setState(state: Uint8Array): void {
    this.#options.random.setState(state);
  }

  dispose(): void {
    this.#options.network.dispose();
    this.#labels.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The loss of all classes, and the gradients with respect to the images of the process's own, so many at a time. */
export function fineTuningGradients(
  draw: FineTuningDraw,
  synthetic: SyntheticImages,
  share: ClassShare,
  classesAtOnce: number,
): FineTuningGradients {
  return scope(() => {
    const blocks = share.spans(classesAtOnce).map((span) => fineTuningBlock(draw, synthetic, span));
    return {
      loss: share.sum(
        totalOf(
          blocks.map(({ loss }) => loss),
          synthetic,
        ),
      ),
      images: joinedImages(blocks, synthetic),
    };
  });
}

export function fineTuningBlock(
  { network, normalization, augmentation, labels, weight }: FineTuningDraw,
  synthetic: SyntheticImages,
  span: Span,
): FineTuningGradients {
  return scope(() => {
    const stored = storedImages(synthetic, span);
    const decoded = decode(stored, span.length, synthetic.formation);
    const seen = normalize(decoded, normalization);
    const augmented = augmentation ? applySiamese(seen, drawOfClasses(augmentation, span)) : seen;
    const own = rowsOf(labels, span, synthetic.classes);
    const loss = crossEntropy(network.logits(augmented), own).mul(span.length);
    const [images] = grad([loss.mul(weight)], [stored]);
    return { loss: loss.detach(), images: images! };
  });
}
