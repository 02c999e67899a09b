import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildOptions, runOurs, runPyTorch } from './children.js';
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
import { askPyTorch, nameOf, type PyTorch, type Rival } from './rivals.js';
import type { Problem, Setting } from './settings.js';
import type { GameOptions, Prepared } from './workload.js';

/** How the two sides run. */
export interface Sides {
  readonly ours: ChildOptions;
  readonly pytorch: ChildOptions;
  /** Of each PyTorch, or its virtual environment; one is looked for when empty. */
  readonly pythons: readonly string[];
}

/** Relative differences of the two sides' losses and gradients that are rounding, in single precision and in bfloat16. */
const tolerances = {
  single: { loss: 1e-4, gradient: 1e-2 },
  bfloat16: { loss: 1e-2, gradient: 0.2 },
} as const;

/** Runs measurements in processes of their own; holds the files that they read. */
export class Laboratory implements Disposable {
  readonly #sides: Sides;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ncfm-bench-'));
  readonly #prepared = new Map<string, Prepared>();
  #pytorches: Promise<PyTorch[]> | undefined;

  constructor(sides: Sides) {
    this.#sides = sides;
  }

  /** Our iterations: warm-up, then `iterations` groups of `amortise`; on other threads than usually where they are given. */
  async ours(
    { problem, iterations, warmUp }: Pick<Setting, 'problem' | 'iterations' | 'warmUp'>,
    game: GameOptions,
    threads = this.#sides.ours.threads,
  ): Promise<TimedResult> {
    const job = {
      kind: 'iterations',
      problem,
      prepared: await this.prepared(problem),
      ...game,
      warmUp: warmUp.ours,
      iterations: iterations.ours * game.amortise,
    };
    return await runOurs(job, { ...this.#sides.ours, threads });
  }

  /** The PyTorches named, or the one that is found. */
  pytorches(): Promise<PyTorch[]> {
    const { pythons, pytorch } = this.#sides;
    const named = pythons.length === 0 ? [undefined] : pythons;
    this.#pytorches ??= Promise.all(named.map((python) => askPyTorch(python, pytorch)));
    return this.#pytorches;
  }

  /** The first PyTorch, as the program is written. */
  async firstRival(): Promise<Rival> {
    const [pytorch] = await this.pytorches();
    return { pytorch: pytorch!, form: 'eager' };
  }

  /** A rival's iterations. */
  async pytorch(rival: Rival, setting: Setting, psi: boolean): Promise<PyTorchIterations> {
    const { problem, iterations, warmUp, pytorchClasses } = setting;
    return await this.#pytorch(rival, {
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

  /** Both sides' losses and gradients on the same input. */
  async agreement(rival: Rival, whole: Problem): Promise<Agreement> {
    const problem = { ...whole, realBatch: Math.min(64, whole.realBatch), frequencies: 256 };
    const small = { ...problem, imagesPerClass: Math.min(2, problem.imagesPerClass) };
    const prepared = await this.prepared(problem);
    const [input, gradient] = ['loss-input.pt', 'gradient.pt'].map((name) =>
      join(this.#folder, name),
    ) as [string, string];
    const job = { problem: small, prepared, input };
    await this.#ours({ kind: 'loss-input', ...job });
    const theirs = await this.#pytorch<LossResult>(rival, {
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
    const { loss, gradient: ofGradient } =
      tolerances[rival.form.endsWith('bf16') ? 'bfloat16' : 'single'];
    const same = lossDifference < loss && gradientDifference < ofGradient;
    return { ...nameOf(rival), shape: whole.shape, lossDifference, gradientDifference, same };
  }

  /** Seconds of our training steps. */
  async training(job: Omit<TrainingJob, 'prepared'>): Promise<TimedResult> {
    return await this.#ours({ kind: 'train', ...job, prepared: await this.prepared(job.problem) });
  }

  /** Seconds of a rival's training steps. */
  async rivalTraining(
    rival: Rival,
    { problem, ...job }: Omit<TrainingJob, 'prepared'>,
  ): Promise<TimedResult> {
    const prepared = await this.prepared(problem);
    return await this.#pytorch(rival, { kind: 'train', ...job, ...problem, ...prepared });
  }

  /** Nanoseconds per small addition on both sides. */
  async overhead(): Promise<{ readonly ours: number; readonly pytorch: number }> {
    const job = { kind: 'overhead', repeats: 20_000, rounds: 5 };
    const ours = await this.#ours<{ nanoseconds: number }>(job);
    const theirs = await this.#pytorch<{ nanoseconds: number }>(await this.firstRival(), job);
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

  #pytorch<Result>({ pytorch, form }: Rival, job: object): Promise<Result> {
    return runPyTorch(pytorch.python, { ...job, form }, pytorch.options);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
