import {
  applySiamese,
  applySiameseRows,
  drawSiamese,
  normalize,
  type SiameseDraw,
} from '../../augment/index.js';
import { type Span, spans } from '../../core/spans.js';
import { pixelsToTensor } from '../../data/index.js';
import { joinedImages, rowsOf, storedImages } from '../../distill/blocks.js';
import { type Chunks, usualChunks } from '../../distill/chunks.js';
import { ClassShare } from '../../distill/class-share.js';
import { type DescentState, ImageDescent } from '../../distill/descent.js';
import { drawRealImages } from '../../distill/draws.js';
import { decode } from '../../distill/formation.js';
import { labelsByClass } from '../../distill/labels.js';
import { drawOfClasses } from '../../distill/matched-features.js';
import { parameterGradient, pullBack } from '../../distill/second-order.js';
import type { SyntheticImages } from '../../distill/synthetic.js';
import type { ImageModel } from '../../models/index.js';
import {
  grad,
  keep,
  noGrad,
  type RandomGenerator,
  scope,
  type Tensor,
  withoutPrefix,
  withPrefix,
} from '../../tensor/index.js';
import { Training, tensorSource } from '../../train/train.js';
import type { Distiller, DistillerState, MethodInput, StepReport } from '../method.js';
import { gradientDistance } from './gradient-distance.js';
import type { GradientMatchingOptions } from './options.js';

/** What the classes of an iteration are compared by. */
interface Comparison {
  readonly network: ImageModel;
  readonly augmentation: SiameseDraw;
  /** Real images of each class, class by class. */
  readonly indices: readonly number[];
}

const networkPrefix = 'network.';

/**
 * Matches the gradients that a network gets from the real and from the synthetic images of each class (algorithm 1 of both
 * papers). The network serves some rounds and learns from the synthetic images in between; then a new one takes its place.
 * All that an iteration draws follows from its number.
 */
export class GradientMatching implements Distiller {
  readonly synthetic: SyntheticImages;
  readonly #input: MethodInput<GradientMatchingOptions>;
  readonly #chunks: Chunks;
  readonly #descent: ImageDescent;
  readonly #share: ClassShare;
  /** Of the classes of all decoded images. */
  readonly #labels: Tensor;
  #network: ImageModel | undefined;

  /** The images stay the caller's. */
  constructor(input: MethodInput<GradientMatchingOptions>, synthetic: SyntheticImages) {
    const { dataset, options, chunks, random } = input;
    const { classes, decodedPerClass } = synthetic;
    this.#input = input;
    this.synthetic = synthetic;
    this.#share = new ClassShare(classes, input.group);
    this.#descent = new ImageDescent(synthetic, options, dataset.normalization, this.#share);
    const usual = usualChunks(
      { classes, decodedPerClass, realPerClass: options.realPerClass },
      random.device,
      dataset.shape,
    );
    this.#chunks = { ...usual, ...chunks };
    this.#labels = keep(labelsByClass(classes, decodedPerClass, random.device));
  }

  get iteration(): number {
    return this.#descent.iteration;
  }

  step(): StepReport {
    const { rounds } = this.#input.options;
    const random = this.#input.random.derive(`iteration-${this.iteration}`);
    const round = this.iteration % rounds;
    const network = this.#currentNetwork();
    return scope(() => {
      const comparison = this.#draw(network, random);
      const each = this.#share
        .spans(1)
        .map((span) => scope(() => this.#classGradient(comparison, span)));
      const distance = this.#share.sumOf(each.reduce((sum, own) => sum + own.distance, 0));
      const report = this.#descent.step({
        loss: distance / this.synthetic.classes,
        gradient: joinedImages(each, this.synthetic),
        circumstances: `network ${Math.floor(this.iteration / rounds) + 1}, round ${round + 1}`,
      });
      if (round + 1 < rounds) this.#learn(network, random.derive('learn'));
      return { ...report, terms: {} };
    });
  }

  /** That of the iteration's rounds; a new one at the first of them. */
  #currentNetwork(): ImageModel {
    const { options, buildModel, random } = this.#input;
    if (this.#network === undefined || this.iteration % options.rounds === 0) {
      this.#network?.dispose();
      const number = Math.floor(this.iteration / options.rounds);
      this.#network = buildModel(random.derive(`network-${number}`));
    }
    return this.#network;
  }

  #draw(network: ImageModel, random: RandomGenerator): Comparison {
    const { dataset, options } = this.#input;
    const groups = this.synthetic.classes;
    return {
      network,
      augmentation: drawSiamese(options.augmentation, { ...dataset.shape, groups, random }),
      indices: drawRealImages(dataset, options.realPerClass, random),
    };
  }

  /** The distance of one class's gradients, and its gradient with respect to the class's stored images. */
  #classGradient(comparison: Comparison, span: Span): { distance: number; images: Tensor } {
    const { network } = comparison;
    const { synthetic } = this;
    const augmentation = drawOfClasses(comparison.augmentation, span);
    const real = this.#realGradient({ ...comparison, augmentation }, span);
    const stored = storedImages(synthetic, span);
    const { normalization } = this.#input.dataset;
    const decoded = normalize(decode(stored, 1, synthetic.formation), normalization);
    const seen = applySiamese(decoded, augmentation);
    const images = seen.detach();
    const labels = rowsOf(this.#labels, span, synthetic.classes);
    const own = parameterGradient(network, images, labels);
    const { distance, direction } = gradientDistance(own, real);
    const pulled = pullBack({ model: network, images, labels, direction });
    const [gradient] = grad([seen], [stored], { gradOutputs: [pulled.images] });
    return { distance, images: gradient! };
  }

  /** The parameters' gradient of the mean loss of one class's real images, so many at a time. */
  #realGradient({ network, augmentation, indices }: Comparison, { start }: Span): Tensor[] {
    const { dataset, options, random } = this.#input;
    const { realPerClass } = options;
    const own = indices.slice(start * realPerClass, (start + 1) * realPerClass);
    const parts = spans(own.length, this.#chunks.real).map(({ start: first, length }) =>
      scope(() => {
        const pixels = dataset.read(own.slice(first, first + length));
        const images = pixelsToTensor(pixels, length, dataset.shape, random.device);
        const seen = applySiameseRows(normalize(images, dataset.normalization), augmentation, {
          first,
          perGroup: realPerClass,
        });
        const labels = this.#labels.narrow(0, start * this.synthetic.decodedPerClass, 1);
        const gradients = parameterGradient(network, seen, labels.expand([length]));
        const share = length / own.length;
        return share === 1 ? gradients : gradients.map((gradient) => gradient.mul(share));
      }),
    );
    return parts.reduce((sums, terms) => sums.map((sum, index) => sum.add_(terms[index]!)));
  }

  /** Trains the network on the synthetic images as they are now. */
  #learn(model: ImageModel, random: RandomGenerator): void {
    this.synchronize();
    const { options, dataset } = this.#input;
    const { epochs, batchSize, learningRate, augmentation } = options.inner;
    const images = noGrad(() => this.synthetic.decode().detach());
    const size = Math.min(batchSize, images.size(0));
    const steps = epochs * Math.ceil(images.size(0) / size);
    using training = new Training({
      model,
      source: tensorSource({ images, labels: this.#labels }, dataset.normalization),
      steps,
      options: {
        batchSize: size,
        optimizer: { kind: 'sgd', learningRate },
        schedule: { kind: 'constant' },
        augmentation,
        cutMix: 0,
      },
      random,
    });
    while (training.steps < steps) training.step();
  }

  synchronize(): void {
    this.#descent.synchronize();
  }

  getState(): DistillerState {
    const { tensors, values } = this.#descent.getState();
    // One that the next iteration replaces need not be kept.
    const isUsed = this.iteration % this.#input.options.rounds !== 0;
    const network = isUsed && this.#network ? this.#network.state() : new Map<string, Tensor>();
    return { tensors: new Map([...tensors, ...withPrefix(networkPrefix, network)]), values };
  }

  setState(state: DistillerState): void {
    this.#descent.setState(state as DescentState);
    this.#network?.dispose();
    this.#network = undefined;
    const { options, buildModel } = this.#input;
    if (this.iteration % options.rounds === 0) return;
    this.#network = buildModel();
    this.#network.loadState(withoutPrefix(networkPrefix, state.tensors));
  }

  [Symbol.dispose](): void {
    this.#network?.dispose();
    this.#labels.dispose();
    this.#descent.dispose();
  }
}
