import { FailureError } from '../core/index.js';
import type { EventSink } from '../run/index.js';
import type { Distiller, StepReport } from './method.js';

export interface GuardOptions {
  readonly classNames: readonly string[];
  /** What the method calls its loss. */
  readonly loss: string;
  readonly onEvent: EventSink;
  /** Iterations between two looks at the images; 50 when left out. */
  readonly every?: number;
}

/** What is looked at of a distillation. */
export type Watched = Pick<Distiller, 'iteration' | 'synthetic' | 'synchronize'>;

/** Pixels at 0 or 1 from which on an image counts as saturated. */
const saturatedShare = 0.98;
/** Difference of an image's brightest and darkest pixel below which nothing is to be seen in it. */
const leastContrast = 0.02;
/** The loss, smoothed, may rise to this many times its least value. */
const mostRise = 3;
/** Weight of the latest iteration in the smoothed loss. */
const smoothing = 0.05;
/** So many iterations in a row that were left out are no accident. */
const mostSkipped = 100;

/** Watches a distillation for what spoils it without stopping it, and tells each thing once, with what to try. */
export class DistillGuards {
  readonly #options: GuardOptions;
  readonly #every: number;
  readonly #told = new Set<string>();
  #smoothed: number | undefined;
  #least = Number.POSITIVE_INFINITY;
  #skipped = { inAll: 0, inRow: 0 };
  #before: Float32Array | undefined;
  #looks = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#every = options.every ?? 50;
  }

  /** Says at the end how many iterations were left out. */
  finish(): void {
    const { inAll } = this.#skipped;
    if (inAll > 0) this.#tell('skipped in all', `${inAll} iterations were left out`);
  }

  /** Looks at what an iteration has done. Throws FailureError when too many in a row were left out. */
  afterStep(report: StepReport, distiller: Watched): void {
    const { iteration } = distiller;
    if (report.skipped) {
      this.#skip(iteration);
      return;
    }
    this.#skipped.inRow = 0;
    this.#watchLoss(report.loss, iteration);
    for (const { kind, message } of report.warnings ?? []) this.#tell(kind, message);
    this.#looks += 1;
    if (this.#looks % this.#every === 0) this.#watchImages(distiller);
  }

  #skip(iteration: number): void {
    this.#skipped.inAll += 1;
    this.#skipped.inRow += 1;
    this.#tell(
      'skipped',
      `iteration ${iteration} was left out, its loss or gradient is not a number; if many are, try a smaller learning rate (distill.optimizer.learningRate)`,
    );
    if (this.#skipped.inRow < mostSkipped) return;
    throw new FailureError(
      `${mostSkipped} iterations in a row, up to ${iteration}, had a loss or gradient that is not a number; try a smaller learning rate (distill.optimizer.learningRate), or extractors trained anew`,
    );
  }

  #watchLoss(loss: number, iteration: number): void {
    const before = this.#smoothed ?? loss;
    this.#smoothed = before + smoothing * (loss - before);
    this.#least = Math.min(this.#least, this.#smoothed);
    if (this.#smoothed <= mostRise * this.#least) return;
    this.#tell(
      'diverging',
      `the ${this.#options.loss} rises: ${this.#smoothed.toPrecision(3)} at iteration ${iteration}, after ${this.#least.toPrecision(3)}; try a smaller learning rate (distill.optimizer.learningRate)`,
    );
  }

  #watchImages(distiller: Watched): void {
    distiller.synchronize?.();
    const {
      iteration,
      synthetic: { images, classes },
    } = distiller;
    const pixels = images.toFloat32Array();
    const { classNames } = this.#options;
    const perClass = pixels.length / classes;
    const perImage = pixels.length / images.size(0);
    for (let first = 0; first < pixels.length; first += perImage) {
      const name = classNames[Math.floor(first / perClass)]!;
      this.#watchImage(pixels.subarray(first, first + perImage), name, iteration);
    }
    if (this.#before !== undefined) this.#watchMovement(pixels, this.#before, perClass, iteration);
    this.#before = pixels;
  }

  #watchImage(pixels: Float32Array, name: string, iteration: number): void {
    let [least, most, extreme] = [1, 0, 0];
    for (const value of pixels) {
      least = Math.min(least, value);
      most = Math.max(most, value);
      if (value === 0 || value === 1) extreme += 1;
    }
    if (most - least < leastContrast) {
      this.#tell(
        'blank',
        `nothing is to be seen in an image of class '${name}' at iteration ${iteration}: its pixels are all about ${most.toFixed(2)}; try a smaller learning rate (distill.optimizer.learningRate) or another start (distill.initialization)`,
      );
    } else if (extreme / pixels.length > saturatedShare) {
      this.#tell(
        'saturated',
        `an image of class '${name}' has ${Math.round((100 * extreme) / pixels.length)} % of its pixels at 0 or 1 at iteration ${iteration}; try a smaller learning rate (distill.optimizer.learningRate)`,
      );
    }
  }

  /** One class whose images stay as they are while others' move has no gradient. */
  #watchMovement(
    now: Float32Array,
    before: Float32Array,
    perClass: number,
    iteration: number,
  ): void {
    const { classNames } = this.#options;
    const moved = classNames.map((_, label) => {
      const own = now.subarray(label * perClass, (label + 1) * perClass);
      return own.some((value, index) => value !== before[label * perClass + index]);
    });
    const still = classNames.filter((_, label) => !moved[label]);
    if (still.length === 0 || still.length === classNames.length) return;
    this.#tell(
      'still',
      `the images of ${still.map((name) => `class '${name}'`).join(', ')} have not moved for ${this.#every} iterations, up to ${iteration}, while others have; look at its real images (ncfm data check)`,
    );
  }

  #tell(kind: string, message: string): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#options.onEvent({ type: 'warning', message });
  }
}
