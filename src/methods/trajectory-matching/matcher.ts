import { applyTraining, drawTraining, noAugmentation, normalize } from '../../augment/index.js';
import { usualChunks } from '../../distill/chunks.js';
import { type DescentState, ImageDescent } from '../../distill/descent.js';
import { labelsByClass } from '../../distill/labels.js';
import type { SyntheticImages } from '../../distill/synthetic.js';
import type { ImageModel } from '../../models/index.js';
import {
  grad,
  keep,
  type RandomGenerator,
  scope,
  type Tensor,
  tensor,
  toDeviceOf,
} from '../../tensor/index.js';
import { ShuffledStream } from '../../train/shuffled-stream.js';
import type { Trajectories } from '../../train/trajectories.js';
import type { Distiller, DistillerState, MethodInput, StepReport } from '../method.js';
import { type InnerStep, matchingGradients } from './adjoint.js';
import type { TrajectoryOptions } from './options.js';
import { StepSize, type StepSizeState } from './step-size.js';

type Values = DescentState['values'] & { readonly stepSize: StepSizeState };

/**
 * Synthetic images on which a student, from where an expert was, is to arrive where the expert went; see
 * `matchingGradients`. Every draw of an iteration is derived from its number.
 */
export class TrajectoryMatcher implements Distiller {
  readonly synthetic: SyntheticImages;
  readonly #input: MethodInput<TrajectoryOptions>;
  readonly #trajectories: Trajectories;
  readonly #network: ImageModel;
  readonly #labels: Tensor;
  readonly #descent: ImageDescent;
  readonly #stepSize: StepSize;

  /** The images stay the caller's. */
  constructor(input: MethodInput<TrajectoryOptions>, synthetic: SyntheticImages) {
    const { dataset, pool, buildModel, options, random } = input;
    if (pool?.trajectories === undefined) throw new TypeError('there are no trajectories to match');
    this.#input = input;
    this.#trajectories = pool.trajectories;
    this.synthetic = synthetic;
    const { classes, decodedPerClass } = synthetic;
    this.#network = buildModel();
    this.#labels = keep(labelsByClass(classes, decodedPerClass, random.device));
    this.#descent = new ImageDescent(synthetic, options, dataset.normalization);
    this.#stepSize = new StepSize(options.stepSize);
    synthetic.stepSize = this.#stepSize.value;
  }

  get iteration(): number {
    return this.#descent.iteration;
  }

  step(): StepReport {
    const { options, random } = this.#input;
    const own = random.derive(`iteration-${this.iteration + 1}`);
    const expert = own.integer(this.#trajectories.experts);
    const startEpoch = own.integer(options.maxStartEpoch);
    const stepSize = this.#stepSize.value;
    return scope(() => {
      const gradients = this.#gradients(expert, startEpoch, own);
      const report = this.#descent.step({
        // A step size that is no number would spoil every later iteration, as images would.
        loss: Number.isFinite(gradients.stepSize) ? gradients.loss : Number.NaN,
        gradient: gradients.images,
        circumstances: `expert ${expert + 1} from epoch ${startEpoch}, inner steps of ${stepSize.toPrecision(3)}`,
      });
      if (!report.skipped) this.#stepSize.descend(gradients.stepSize);
      this.synthetic.stepSize = this.#stepSize.value;
      return { ...report, terms: { stepSize, startEpoch } };
    });
  }

  #gradients(expert: number, startEpoch: number, random: RandomGenerator) {
    const { options, chunks } = this.#input;
    const { classes, decodedPerClass, images } = this.synthetic;
    const decoded = this.synthetic.decode();
    const usual = usualChunks(
      { classes, decodedPerClass, realPerClass: 1 },
      random.device,
      this.#input.dataset.shape,
    );
    const gradients = matchingGradients({
      model: this.#network,
      images: decoded.detach(),
      steps: this.#drawSteps(random),
      start: this.#trajectories.row(expert, startEpoch),
      target: this.#trajectories.row(expert, startEpoch + options.expertEpochs),
      stepSize: this.#stepSize.value,
      adjoint: options.adjoint,
      imagesAtOnce: (chunks?.synthetic ?? usual.synthetic) * decodedPerClass,
    });
    const [ofStored] = grad([decoded], [images], { gradOutputs: [gradients.images] });
    return { ...gradients, images: ofStored! };
  }

  /** Batches run through the images in random order, pass after pass. */
  #drawSteps(random: RandomGenerator): InnerStep[] {
    const { dataset, options } = this.#input;
    const { normalization, shape } = dataset;
    const count = this.#labels.length;
    const stream = new ShuffledStream(count, random);
    const size = options.batchSize === 'all' ? count : options.batchSize;
    const augmentation = { ...noAugmentation, ...options.augmentation, geometry: 'all' } as const;
    return Array.from({ length: options.innerSteps }, () => {
      const index = toDeviceOf(tensor(stream.next(size)), random.device);
      const draw = drawTraining(augmentation, { images: size, ...shape, random });
      return {
        see: (images) =>
          applyTraining(normalize(images.indexSelect(0, index), normalization), draw),
        labels: this.#labels.indexSelect(0, index),
      };
    });
  }

  getState(): DistillerState {
    const { tensors, values } = this.#descent.getState();
    return { tensors, values: { ...values, stepSize: this.#stepSize.getState() } satisfies Values };
  }

  setState({ tensors, values }: DistillerState): void {
    const { stepSize, ...descent } = values as Values;
    this.#descent.setState({ tensors, values: descent });
    this.#stepSize.setState(stepSize);
    this.synthetic.stepSize = this.#stepSize.value;
  }

  [Symbol.dispose](): void {
    this.#network.dispose();
    this.#labels.dispose();
    this.#descent.dispose();
  }
}
