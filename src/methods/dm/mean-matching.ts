import { drawSiamese, type SiameseDraw } from '../../augment/index.js';
import { type Span, spans } from '../../core/spans.js';
import { joined, rowsOf, storedImages } from '../../distill/blocks.js';
import { type Chunks, usualChunks } from '../../distill/chunks.js';
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
  /** Mean features of the real images of each class [classes, d]. */
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

  /** The images stay the caller's. */
  constructor(input: MethodInput<DmOptions>, synthetic: SyntheticImages) {
    const { dataset, options, chunks } = input;
    this.#input = input;
    this.synthetic = synthetic;
    this.#descent = new ImageDescent(synthetic, options, dataset.normalization);
    const { classes, decodedPerClass } = synthetic;
    const usual = usualChunks({ classes, decodedPerClass, realPerClass: options.realPerClass });
    this.#chunks = { ...usual, ...chunks };
  }

  get iteration(): number {
    return this.#descent.iteration;
  }

  step(): StepReport {
    const { synthetic } = this;
    const random = this.#input.random.derive(`iteration-${this.iteration}`);
    using network = this.#input.buildModel(random.derive('network')).setRequiresGrad(false);
    return scope(() => {
      const comparison = this.#draw(network, random);
      const blocks = spans(synthetic.classes, this.#chunks.synthetic).map((span) =>
        scope(() => blockGradient(synthetic, comparison, span)),
      );
      const distance = blocks.reduce((sum, { loss }) => sum + loss.item(), 0);
      const report = this.#descent.step({
        loss: distance / synthetic.classes,
        gradient: joined(blocks.map(({ images }) => images)),
        circumstances: `untrained network ${this.iteration + 1}`,
      });
      return { ...report, terms: {} };
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
    const indices = drawRealImages(dataset, options.realPerClass, random);
    const real = scope(() =>
      noGrad(() => {
        const { device } = random;
        const each = { ...extraction, device, realAtOnce: this.#chunks.real };
        return classMeans(realFeatures(each, indices, augmentation), classes);
      }),
    );
    return { extraction, augmentation, real };
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
  { extraction, augmentation, real }: Comparison,
  span: Span,
): { loss: Tensor; images: Tensor } {
  const stored = storedImages(synthetic, span);
  const decoded = decode(stored, span.length, synthetic.formation);
  const features = matchedFeatures(decoded, extraction, drawOfClasses(augmentation, span));
  const difference = classMeans(features, span.length).sub(rowsOf(real, span, synthetic.classes));
  const loss = difference.square().sum();
  const [images] = grad([loss], [stored]);
  return { loss: loss.detach(), images: images! };
}

/** [classes · m, d] → [classes, d] */
function classMeans(features: Tensor, classes: number): Tensor {
  return features.reshape([classes, features.size(0) / classes, features.size(1)]).mean([1]);
}
