import type { ClassShare } from '../../distill/class-share.js';
import { finiteOnDevice } from '../../distill/non-finite.js';
import type { ScheduledOptimizer } from '../../distill/scheduled-optimizer.js';
import { keep, type Reading, type Readings, scope, type Tensor } from '../../tensor/index.js';
import type { ExtractorChoice } from '../../train/extractors.js';
import { type NonFiniteIteration, nonFinite, requireFiniteStep } from './non-finite.js';
import type { IterationReport } from './options.js';

type Loss = 'discrepancy' | 'fineTuneLoss' | 'frequencyObjective';

export interface IterationFacts {
  readonly iteration: number;
  readonly learningRate: number;
  readonly extractor: ExtractorChoice;
  /** σ; where it is a tensor a scalar. */
  readonly scale: number | Tensor;
  /** The least and the largest scale of the mixture, as scalars. */
  readonly range: readonly [least: Tensor, largest: Tensor] | undefined;
}

/** What an iteration tells of itself, on the device until somebody looks. */
export class IterationFigures {
  /** The losses, scalars of the iteration's scope. */
  readonly losses: Tensor[] = [];
  readonly #readings: Readings;
  readonly #facts: Pick<IterationFacts, 'iteration' | 'learningRate' | 'extractor'>;
  readonly #noted: { [Name in Loss]?: Reading } = {};
  readonly #scale: Reading;
  readonly #range: readonly [least: Reading, largest: Reading] | undefined;
  #holds: Reading | undefined;

  constructor(readings: Readings, { scale, range, ...facts }: IterationFacts) {
    this.#readings = readings;
    this.#facts = facts;
    this.#scale = typeof scale === 'number' ? { value: scale } : readings.note(scale);
    this.#range = range && [readings.note(range[0]), readings.note(range[1])];
  }

  note(name: Loss, loss: Tensor | undefined): void {
    if (loss === undefined) return;
    this.#noted[name] = this.#readings.note(loss);
    this.losses.push(loss);
  }

  /** @param holds a scalar: whether all losses and gradients were finite. Taken to be so where it is left out. */
  close(holds: Tensor | undefined): void {
    this.losses.length = 0;
    this.#holds = holds && this.#readings.note(holds);
  }

  /** The losses so far and what was drawn. */
  get step(): NonFiniteIteration {
    return {
      ...this.#facts,
      discrepancy: this.#noted.discrepancy!.value,
      fineTuneLoss: this.#noted.fineTuneLoss?.value,
      frequencyObjective: this.#noted.frequencyObjective?.value,
      frequencyScale: this.#scale.value,
    };
  }

  /** Throws NonFiniteError for an iteration that did not hold, if such are not to be left out. */
  report(onNonFinite: 'stop' | 'skip'): IterationReport {
    const { step } = this;
    if (this.#holds?.value !== 0) return this.#told(step);
    if (onNonFinite === 'stop') throw nonFinite(step);
    return skipped(step);
  }

  #told(step: NonFiniteIteration): IterationReport {
    const { discrepancy, fineTuneLoss, frequencyObjective, frequencyScale, learningRate } = step;
    const [least, largest] = this.#range ?? [];
    return {
      discrepancy,
      fineTuneLoss,
      frequencyScale,
      learningRate,
      ...(frequencyObjective !== undefined && { frequencyObjective }),
      ...(least &&
        largest && {
          mixtureScales: [least.value / frequencyScale, largest.value / frequencyScale],
        }),
    };
  }
}

/** What is told of an iteration that was left out. */
export function skipped(step: NonFiniteIteration): IterationReport {
  const { discrepancy, fineTuneLoss, frequencyScale, learningRate } = step;
  return { discrepancy, fineTuneLoss, frequencyScale, learningRate, skipped: true };
}

/** Keeps an iteration whose loss or gradient is not a number from moving anything. */
export interface FiniteGuard extends Disposable {
  /** Whether the iteration holds, as a scalar on the device; undefined where one that does not throws. */
  readonly holds: Tensor | undefined;
  check(figures: IterationFigures, gradients: readonly (Tensor | undefined)[]): void;
  /** Does what moves images: `checks` where `check` is called in it once more. */
  around(images: ScheduledOptimizer, move: () => void, checks: boolean): void;
}

/** Reads losses and gradients before anything is moved, and throws NonFiniteError. */
export function readingGuard(share: ClassShare): FiniteGuard {
  return {
    holds: undefined,
    check: ({ step }, gradients) => requireFiniteStep(step, gradients, share),
    around: (images, move, checks) => {
      if (checks) images.attempt(move);
      else move();
    },
    [Symbol.dispose]: () => {},
  };
}

/** Never reads: moves, and takes it back on the device. */
export class MaskingGuard implements FiniteGuard {
  #holds: Tensor | undefined;

  get holds(): Tensor | undefined {
    return this.#holds;
  }

  check({ losses }: IterationFigures, gradients: readonly (Tensor | undefined)[]): void {
    const before = this.#holds;
    this.#holds = keep(
      scope(() => {
        const now = finiteOnDevice([...losses, ...gradients]);
        return before === undefined ? now : now.mul(before);
      }),
    );
    before?.dispose();
  }

  around(images: ScheduledOptimizer, move: () => void): void {
    images.moveIf(() => {
      move();
      return this.#holds!;
    });
  }

  [Symbol.dispose](): void {
    this.#holds?.dispose();
  }
}
