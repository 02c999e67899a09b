import { drawSiamese, type SiameseDraw } from '../../augment/index.js';
import type { Span } from '../../core/spans.js';
import { joinedImages, storedImages, totalOf } from '../../distill/blocks.js';
import { type Chunks, usualChunks } from '../../distill/chunks.js';
import { ClassShare } from '../../distill/class-share.js';
import { type DescentState, ImageDescent } from '../../distill/descent.js';
import { drawRealImages } from '../../distill/draws.js';
import { decode } from '../../distill/formation.js';
import {
  drawOfClasses,
  type Extraction,
  matchedFeatures,
  realFeatures,
} from '../../distill/matched-features.js';
import type { SyntheticImages } from '../../distill/synthetic.js';
import type { ImageModel } from '../../models/index.js';
import { grad, noGrad, type RandomGenerator, scope, type Tensor } from '../../tensor/index.js';
import type { Distiller, DistillerState, MethodInput, StepReport } from '../method.js';
import type { DmOptions } from './options.js';

/** What the classes of an iteration are compared by. */
interface Comparison {
  readonly extraction: Extraction;
  readonly augmentation: SiameseDraw;
  /** Mean features of the real images of each of the process's classes [own classes, d]. */
  readonly real: Tensor;
}

/**
 * The loop of the paper's algorithm 1: each iteration compares real and synthetic images by an untrained network of its
 * own, by features as they are. All that an iteration draws follows from its number.
 */
export class MeanMatching implements Distiller {
  readonly synthetic: SyntheticImages;
  readonly #input: MethodInput<DmOptions>;
  readonly #chunks: Chunks;
  readonly #descent: ImageDescent;
  readonly #share: ClassShare;

  /** The images stay the caller's. */
  constructor(input: MethodInput<DmOptions>, synthetic: SyntheticImages) {
    const { dataset, options, chunks } = input;
    this.#input = input;
    this.synthetic = synthetic;
    this.#share = new ClassShare(synthetic.classes, input.group);
    this.#descent = new ImageDescent(synthetic, options, dataset.normalization, this.#share);
    const { classes, decodedPerClass } = synthetic;
    const usual = usualChunks(
      { classes, decodedPerClass, realPerClass: options.realPerClass },
      input.random.device,
      dataset.shape,
    );
    this.#chunks = { ...usual, ...chunks };
  }

  get iteration(): number {
    return this.#descent.iteration;
  }

  step(): StepReport {
    return scope(() => {
      const { losses, ...gradient } = this.#gradient();
      const own = losses.reduce((sum, loss) => sum + loss.item(), 0);
      const loss = this.#share.sumOf(own) / this.synthetic.classes;
      return { ...this.#descent.step({ ...gradient, loss }), terms: {} };
    });
  }

  get goesAhead(): boolean {
    return this.#descent.goesAhead;
  }

  stepAhead(): () => StepReport {
    const report = scope(() => {
      const { losses, ...gradient } = this.#gradient();
      const doubles = losses.map((loss) => loss.to('float64'));
      const loss = totalOf(doubles, this.synthetic).div(this.synthetic.classes);
      return this.#descent.stepAhead({ ...gradient, loss });
    });
    return () => ({ ...report(), terms: {} });
  }

  /** Of the summed distance of the process's classes. */
  #gradient(): { losses: Tensor[]; gradient: Tensor; circumstances: string } {
    const { synthetic } = this;
    const random = this.#input.random.derive(`iteration-${this.iteration}`);
    using network = this.#input.buildModel(random.derive('network')).setRequiresGrad(false);
    return scope(() => {
      const comparison = this.#draw(network, random);
      const blocks = this.#share
        .spans(this.#chunks.synthetic)
        .map((span) => scope(() => blockGradient(synthetic, this.#share, comparison, span)));
      return {
        losses: blocks.map(({ loss }) => loss),
        gradient: joinedImages(blocks, synthetic),
        circumstances: `untrained network ${this.iteration + 1}`,
      };
    });
  }

  #draw(extractor: ImageModel, random: RandomGenerator): Comparison {
    const { dataset, options } = this.#input;
    const { classes } = this.synthetic;
    const extraction = { dataset, extractor, unit: false };
    const augmentation = drawSiamese(options.augmentation, {
      ...dataset.shape,
      groups: classes,
      random,
    });
    const { own } = this.#share;
    const drawn = drawRealImages(dataset, options.realPerClass, random);
    const indices = drawn.slice(
      own.start * options.realPerClass,
      (own.start + own.length) * options.realPerClass,
    );
    const real = scope(() =>
      noGrad(() => {
        const { device } = random;
        const each = { ...extraction, device, realAtOnce: this.#chunks.real };
        const features = realFeatures(each, indices, drawOfClasses(augmentation, own));
        return own.length === 0 ? features : classMeans(features, own.length);
      }),
    );
    return { extraction, augmentation, real };
  }

  synchronize(): void {
    this.#descent.synchronize();
  }

  getState(): DescentState {
    return this.#descent.getState();
  }

  setState(state: DistillerState): void {
    this.#descent.setState(state as DescentState);
  }

  [Symbol.dispose](): void {
    this.#descent.dispose();
  }
}

/** The summed squared distance of some classes' means, and its gradient with respect to their stored images. */
function blockGradient(
  synthetic: SyntheticImages,
  share: ClassShare,
  { extraction, augmentation, real }: Comparison,
  span: Span,
): { loss: Tensor; images: Tensor } {
  const stored = storedImages(synthetic, span);
  const decoded = decode(stored, span.length, synthetic.formation);
  const features = matchedFeatures(decoded, extraction, drawOfClasses(augmentation, span));
  const difference = classMeans(features, span.length).sub(share.rows(real, span));
  const loss = difference.square().sum();
  const [images] = grad([loss], [stored]);
  return { loss: loss.detach(), images: images! };
}

/** [classes · m, d] → [classes, d] */
function classMeans(features: Tensor, classes: number): Tensor {
  return features.reshape([classes, features.size(0) / classes, features.size(1)]).mean([1]);
}
