import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildOptions, findPython, runOurs, runPyTorch } from './children.js';
import { BenchError } from './errors.js';
import type {
  DataReadingResult,
  KernelResult,
  LossResult,
  MethodJob,
  MethodTimes,
  PhaseResult,
  PyTorchIterations,
  TimedResult,
  TrainingJob,
} from './jobs.js';
import type { Agreement } from './results.js';
import type { Problem, Setting } from './settings.js';
import type { GameOptions, Prepared } from './workload.js';

/** How the two sides run. */
export interface Sides {
  readonly ours: ChildOptions;
  readonly pytorch: ChildOptions;
  /** Of PyTorch, or its virtual environment; looked for when left out. */
  readonly python?: string | undefined;
}

/** Relative differences of the two sides' losses and gradients that are rounding. */
export const lossTolerance = 1e-4;
const gradientTolerance = 1e-2;

/** Runs measurements in processes of their own; holds the files that they read. */
export class Laboratory implements Disposable {
  readonly #sides: Sides;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ncfm-bench-'));
  readonly #prepared = new Map<string, Prepared>();
  #python: string | undefined;

  constructor(sides: Sides) {
    this.#sides = sides;
  }

  /** Our iterations: warm-up, then `iterations` groups of `amortise`. */
  async ours(setting: Setting, game: GameOptions): Promise<TimedResult> {
    const { problem, iterations, warmUp } = setting;
    return await this.#ours({
      kind: 'iterations',
      problem,
      prepared: await this.prepared(problem),
      ...game,
      warmUp: warmUp.ours,
      iterations: iterations.ours * game.amortise,
    });
  }

  /** PyTorch's iterations. */
  async pytorch(setting: Setting, { psi }: { psi: boolean }): Promise<PyTorchIterations> {
    const { problem, iterations, warmUp, pytorchClasses } = setting;
    return await this.#pytorch({
      kind: 'iterations',
      ...problem,
      ...(await this.prepared(problem)),
      psi,
      learningRate: 1e-3,
      freshBatches: true,
      warmUpClasses: Math.min(warmUp.pytorchClasses, problem.classes),
      timedClasses: Math.min(pytorchClasses, problem.classes),
      iterations: iterations.pytorch,
    });
  }

  /** Both sides' losses and gradients on the same input. Throws BenchError when the losses differ. */
  async agreement(whole: Problem): Promise<Agreement> {
    const problem = { ...whole, realBatch: Math.min(64, whole.realBatch), frequencies: 256 };
    const small = { ...problem, imagesPerClass: Math.min(2, problem.imagesPerClass) };
    const prepared = await this.prepared(problem);
    const [input, gradient] = ['loss-input.pt', 'gradient.pt'].map((name) =>
      join(this.#folder, name),
    ) as [string, string];
    const job = { problem: small, prepared, input };
    await this.#ours({ kind: 'loss-input', ...job });
    const theirs = await this.#pytorch<LossResult>({
      kind: 'loss',
      ...small,
      ...prepared,
      input,
      output: gradient,
    });
    const ours = await this.#ours<LossResult>({ kind: 'loss', ...job, pytorchGradient: gradient });
    const lossDifference = Math.max(
      ...ours.losses.map((loss, label) => Math.abs(loss - theirs.losses[label]!) / loss),
    );
    const { gradientDifference } = ours;
    requireRounding('losses', whole, lossDifference, lossTolerance);
    requireRounding('gradients', whole, gradientDifference, gradientTolerance);
    return { shape: whole.shape, lossDifference, gradientDifference };
  }

  /** Seconds of training steps on both sides. */
  async training(job: Omit<TrainingJob, 'prepared'>): Promise<{
    readonly ours: TimedResult;
    readonly pytorch: TimedResult;
  }> {
    const prepared = await this.prepared(job.problem);
    const ours = await this.#ours<TimedResult>({ kind: 'train', ...job, prepared });
    const { problem, ...rest } = job;
    const theirs = { kind: 'train', ...rest, ...problem, ...prepared };
    return { ours, pytorch: await this.#pytorch<TimedResult>(theirs) };
  }

  /** Nanoseconds per small addition on both sides. */
  async overhead(): Promise<{ readonly ours: number; readonly pytorch: number }> {
    const job = { kind: 'overhead', repeats: 20_000, rounds: 5 };
    const ours = await this.#ours<{ nanoseconds: number }>(job);
    const theirs = await this.#pytorch<{ nanoseconds: number }>(job);
    return { ours: ours.nanoseconds, pytorch: theirs.nanoseconds };
  }

  /** Our fused operators against their compositions, each timed for about `seconds`. */
  async kernels(seconds: number, tiny: boolean): Promise<KernelResult[]> {
    const job = { kind: 'kernels', seconds, tiny };
    return (await this.#ours<{ kernels: KernelResult[] }>(job)).kernels;
  }

  /** The parts of our iteration. */
  async phases(problem: Problem, game: GameOptions, iterations: number): Promise<PhaseResult[]> {
    const prepared = await this.prepared(problem);
    const job = { kind: 'phases', problem, prepared, ...game, warmUp: 1, iterations };
    return (await this.#ours<{ phases: PhaseResult[] }>(job)).phases;
  }

  /** Our reading of pictures and images. */
  data(tiny: boolean): Promise<DataReadingResult> {
    return this.#ours({ kind: 'data', folder: this.#folder, tiny });
  }

  /** Iterations of a method on our side. */
  async method(job: Omit<MethodJob, 'prepared'>): Promise<MethodTimes> {
    return await this.#ours({ kind: 'method', ...job, prepared: await this.prepared(job.problem) });
  }

  /** The files of a problem, written when first asked for. */
  async prepared(problem: Problem): Promise<Prepared> {
    const { shape, classes, storedPerClass, width } = problem;
    const folder = join(this.#folder, [...shape, classes, storedPerClass, width].join('-'));
    const known = this.#prepared.get(folder);
    if (known !== undefined) return known;
    if (!existsSync(folder)) mkdirSync(folder);
    const prepared = await this.#ours<Prepared>({ kind: 'prepare', problem, folder });
    this.#prepared.set(folder, prepared);
    return prepared;
  }

  #ours<Result>(job: object): Promise<Result> {
    return runOurs(job, this.#sides.ours);
  }

  async #pytorch<Result>(job: object): Promise<Result> {
    this.#python ??= findPython(this.#sides.python);
    return await runPyTorch(this.#python, job, this.#sides.pytorch);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function requireRounding(
  what: string,
  { shape }: Problem,
  difference: number,
  tolerance: number,
): void {
  if (difference < tolerance) return;
  throw new BenchError(
    `the two sides compute different ${what} on the same input (${shape.join('×')}): relative difference ${difference.toExponential(1)}, at most ${tolerance} is rounding. Times of different computations cannot be compared.`,
  );
}
