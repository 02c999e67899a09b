import type { Normalization } from '../core/index.js';
import type { OptimizerOptions, ScheduleOptions, ScheduleState } from '../nn/index.js';
import {
  Readings,
  scope,
  type Tensor,
  tensorOn,
  withoutPrefix,
  withPrefix,
} from '../tensor/index.js';
import { ClassShare } from './class-share.js';
import { areFinite, finiteOnDevice, NonFiniteError } from './non-finite.js';
import { ScheduledOptimizer } from './scheduled-optimizer.js';
import type { Space } from './space.js';
import type { SyntheticImages } from './synthetic.js';

export interface DescentOptions {
  readonly iterations: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  /** Pixels when left out. */
  readonly space?: Space;
  /** What to do when a loss or gradient is not a number: `stop` (when left out), or leave the iteration out. */
  readonly onNonFinite?: 'stop' | 'skip';
}

/** The gradient of an iteration's loss with respect to the process's own stored images, and the loss before the step. */
export interface DescentStep {
  readonly loss: number;
  readonly gradient: Tensor;
  /** What was drawn for the iteration, in words, for an error. */
  readonly circumstances: string;
}

/** The same with a loss that is still on the device, a scalar. */
type Ahead<Step> = Omit<Step, 'loss'> & { readonly loss: Tensor };

export interface DescentReport {
  readonly loss: number;
  readonly learningRate: number;
  readonly skipped?: true;
}

/** Taken apart: tensors by name, and values that JSON can hold. The tensors stay the descent's. */
export interface DescentState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly values: DescentValues;
}

interface DescentValues {
  readonly iteration: number;
  readonly optimizerStep: number;
  readonly schedule: ScheduleState;
}

const optimizerPrefix = 'images.optimizer.';

/**
 * Synthetic images that descend a loss, iteration by iteration: their optimiser with its schedule, and where they stand.
 * Does not own the images.
 */
export class ImageDescent implements Disposable {
  readonly synthetic: SyntheticImages;
  readonly #options: DescentOptions;
  readonly #optimizer: ScheduledOptimizer;
  readonly #variance: readonly number[] | undefined;
  readonly #share: ClassShare;
  readonly #readings = new Readings();
  #iteration = 0;

  constructor(
    synthetic: SyntheticImages,
    options: DescentOptions,
    normalization: Pick<Normalization, 'std'>,
    share = new ClassShare(synthetic.classes, undefined),
  ) {
    const { space = 'pixels' } = options;
    this.synthetic = synthetic;
    this.#options = options;
    this.#share = share;
    const parameters = [share.parameter(synthetic)];
    this.#optimizer = new ScheduledOptimizer({ ...options, parameters });
    this.#variance =
      space === 'pixels' ? undefined : normalization.std.map((deviation) => deviation ** 2);
  }

  /** Iterations done. */
  get iteration(): number {
    return this.#iteration;
  }

  /**
   * Ends an iteration: steps down its gradient. Throws NonFiniteError when the loss or gradient is not a number and the
   * iteration is not to be left out; nothing has moved then.
   */
  step({ loss, gradient, circumstances }: DescentStep): DescentReport {
    const { learningRate } = this.#optimizer;
    const finite = Number.isFinite(loss) && this.#share.every(areFinite([gradient]));
    if (!finite && this.#options.onNonFinite !== 'skip') {
      const what = Number.isFinite(loss) ? 'gradient' : 'loss';
      throw new NonFiniteError(what, circumstances, { iteration: this.#iteration + 1, loss });
    }
    if (finite) this.#descend(gradient);
    this.#optimizer.advance(finite ? loss : undefined);
    this.#iteration += 1;
    return { loss, learningRate, ...(!finite && { skipped: true }) };
  }

  /** Whether `stepAhead` can take the steps: no other process and no schedule waits for a loss. */
  get goesAhead(): boolean {
    return !this.#share.isShared && this.#options.schedule.kind !== 'plateau';
  }

  /**
   * The same without waiting for the loss, a scalar on the device. Where it or the gradient is not a number nothing moves
   * either, but for the count of steps, and the report, which waits, is a NonFiniteError that it throws, or says so.
   */
  stepAhead({ loss, gradient, circumstances }: Ahead<DescentStep>): () => DescentReport {
    const { learningRate } = this.#optimizer;
    const iteration = this.#iteration + 1;
    const noted = scope(() => {
      const finite = finiteOnDevice([loss, gradient]);
      this.#optimizer.moveIf(() => {
        this.#descend(gradient);
        return finite;
      });
      return { loss: this.#readings.note(loss), finite: this.#readings.note(finite) };
    });
    this.#optimizer.advance(undefined);
    this.#iteration += 1;
    return () => {
      const { value } = noted.loss;
      if (noted.finite.value !== 0) return { loss: value, learningRate };
      if (this.#options.onNonFinite === 'skip') return { loss: value, learningRate, skipped: true };
      const what = Number.isFinite(value) ? 'gradient' : 'loss';
      throw new NonFiniteError(what, circumstances, { iteration, loss: value });
    };
  }

  #descend(gradient: Tensor): void {
    const variance = this.#variance;
    scope(() => {
      // A step in normalised values z = (x - mean) / std moves x by std as much, and dL/dz is std times dL/dx.
      const scaled =
        variance === undefined
          ? gradient
          : gradient.mul(tensorOn(gradient.device, variance, [1, variance.length, 1, 1]));
      this.#optimizer.descend([scaled]);
    });
    if (this.#options.space !== 'unbounded') this.synthetic.clamp();
  }

  /** Brings the other processes' images up to date. */
  synchronize(): void {
    this.#share.synchronize(this.synthetic);
  }

  getState(): DescentState {
    const { optimizer, schedule } = this.#optimizer.getState();
    const { imagesPerClass } = this.synthetic;
    this.synchronize();
    return {
      tensors: new Map([
        ['images', this.synthetic.images],
        ...withPrefix(optimizerPrefix, this.#share.gatherAll(optimizer.tensors, imagesPerClass)),
      ]),
      values: { iteration: this.#iteration, optimizerStep: optimizer.step, schedule },
    };
  }

  /** Goes on from a state (values are copied). Throws UsageError when it is another descent's. */
  setState({ tensors, values }: DescentState): void {
    const { iteration, optimizerStep, schedule } = values;
    this.synthetic.restore(tensors.get('images'));
    this.#optimizer.setState({
      optimizer: {
        step: optimizerStep,
        tensors: this.#share.ownRowsOfAll(withoutPrefix(optimizerPrefix, tensors)),
      },
      schedule,
    });
    this.#iteration = iteration;
  }

  dispose(): void {
    this.#optimizer.dispose();
    this.#readings[Symbol.dispose]();
    this.#share[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
