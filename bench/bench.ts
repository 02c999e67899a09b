import { availableParallelism, cpus, totalmem } from 'node:os';
import type { BenchArguments } from './arguments.js';
import { runOurs } from './children.js';
import { BenchError } from './errors.js';
import { iterationWork } from './flops.js';
import type { MachineResult, TrainingTask } from './jobs.js';
import { Laboratory } from './measure.js';
import { type Attempt, MethodComparison } from './methods/measure.js';
import type { MethodsResult } from './methods/results.js';
import {
  type Agreement,
  type BenchResult,
  type Machine,
  measurementOf,
  type Phase,
  type SettingResult,
  type TrainingResult,
  withFloor,
} from './results.js';
import { type Extra, type Problem, type Setting, select, settings } from './settings.js';
import { summarizeTimes } from './statistics.js';

/** Says on standard error what is being measured. */
export type Progress = (line: string) => void;

/** Runs everything that the command line asks for. Throws BenchError when the two sides compute different losses. */
export async function runBench(options: BenchArguments, progress: Progress): Promise<BenchResult> {
  const selected = select(options);
  const threads = options.threads ?? (await physicalCores());
  const userCoreType = process.env.OPENBLAS_CORETYPE;
  progress('measuring this machine');
  const measured = await runOurs<MachineResult>({ kind: 'machine' }, { threads });
  const coreType = options.openBlas === 'same' ? (measured.coreType ?? undefined) : userCoreType;
  using laboratory = new Laboratory({
    ours: { threads },
    pytorch: { threads, coreType },
    python: options.python,
  });
  const run = new Run(laboratory, measured, options, progress);
  const agreement = await run.agreements(selected.settings);
  const results = await run.settings(selected.settings);
  const extras = await run.extras(selected.extras);
  const machine = describe(measured, coreType ?? null, run.torch);
  return { machine, agreement, settings: results, ...extras, failures: run.failures };
}

async function physicalCores(): Promise<number> {
  const options = { threads: availableParallelism() };
  return (await runOurs<{ threads: number }>({ kind: 'threads' }, options)).threads;
}

function describe(
  measured: MachineResult,
  pytorchCoreType: string | null,
  torch: string | null,
): Machine {
  const { engine, threads, peakGflops, bandwidth } = measured;
  return {
    engine,
    threads,
    peakGflops,
    bandwidth,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    pytorch: torch,
    openBlas: { ours: measured.coreType, pytorch: pytorchCoreType },
  };
}

type Extras = Pick<
  BenchResult,
  'training' | 'overhead' | 'kernels' | 'phases' | 'data' | 'methods'
>;

/** One run: what fails is noted, and the rest goes on. */
class Run {
  readonly failures: string[] = [];
  torch: string | null = null;

  constructor(
    private readonly laboratory: Laboratory,
    private readonly machine: MachineResult,
    private readonly options: BenchArguments,
    private readonly progress: Progress,
  ) {}

  /** One check for each shape of images among the settings; any disagreement ends the run. */
  async agreements(chosen: readonly Setting[]): Promise<Agreement[]> {
    const byShape = new Map(chosen.map(({ problem }) => [problem.shape.join(), problem]));
    const agreements: Agreement[] = [];
    for (const problem of byShape.values()) {
      this.progress(`checking that both sides compute the same loss (${problem.shape.join('×')})`);
      agreements.push(await this.laboratory.agreement(problem));
    }
    return agreements;
  }

  async settings(chosen: readonly Setting[]): Promise<SettingResult[]> {
    const results: SettingResult[] = [];
    for (const setting of chosen) {
      for (const psi of setting.psi) {
        const name = `${setting.name}, sampling network ${psi ? 'on' : 'off'}`;
        results.push(...((await this.#attempt(name, () => this.#compare(setting, psi))) ?? []));
      }
    }
    return results;
  }

  async #compare(setting: Setting, psi: boolean): Promise<SettingResult[]> {
    const { name, title, problem, amortise: factors } = setting;
    const { peakGflops } = this.machine;
    const timed = [];
    for (const amortise of factors) {
      const result = await this.laboratory.ours(setting, { psi, amortise });
      timed.push({ amortise, ours: measurementOf(problem, { psi, amortise }, result, peakGflops) });
    }
    const theirs = await this.laboratory.pytorch(setting, { psi });
    this.torch = theirs.torch;
    const pytorch = {
      ...measurementOf(problem, { psi, amortise: 1 }, theirs, peakGflops),
      timedClasses: Math.min(setting.pytorchClasses, problem.classes),
      classes: problem.classes,
      phases: theirs.phases,
    };
    return timed.map(({ amortise, ours }) => ({
      name,
      title,
      psi,
      amortise,
      ours,
      pytorch,
      ratio: pytorch.seconds / ours.seconds,
    }));
  }

  async extras(chosen: readonly Extra[]): Promise<Extras> {
    const wanted = <T>(name: Extra, body: () => Promise<T>): Promise<T | undefined> =>
      chosen.includes(name) ? this.#attempt(name, body) : Promise.resolve(undefined);
    const { quick, tiny } = this.options;
    return {
      training: (await wanted('training', () => this.#training())) ?? [],
      overhead: (await wanted('overhead', () => this.laboratory.overhead())) ?? null,
      kernels:
        (await wanted('kernels', () => this.laboratory.kernels(quick ? 0.5 : 2, tiny))) ?? [],
      phases: (await wanted('phases', () => this.#phases())) ?? [],
      data: (await wanted('data', () => this.laboratory.data(tiny))) ?? null,
      methods: (await wanted('methods', () => this.#methods())) ?? null,
    };
  }

  async #training(): Promise<TrainingResult[]> {
    const tasks: readonly (readonly [TrainingTask, number])[] = [
      ['pretraining', 32],
      ['pretraining', 128],
      ['evaluation', 128],
    ];
    const results: TrainingResult[] = [];
    for (const [task, width] of tasks) {
      results.push(await this.#trainingOf(task, this.options.tiny ? width / 16 : width));
    }
    return results;
  }

  async #trainingOf(task: TrainingTask, width: number): Promise<TrainingResult> {
    this.progress(`timing ${task} of a network of width ${width}`);
    const batchSize = 128;
    const problem = { ...this.#official(), width };
    const steps = this.options.quick ? 4 : 20;
    const job = { task, problem, batchSize, warmUpSteps: 2, steps };
    const timed = await this.laboratory.training(job);
    const ours = batchSize / summarizeTimes(timed.ours.seconds).median;
    const pytorch = batchSize / summarizeTimes(timed.pytorch.seconds).median;
    return { task, width, ours, pytorch, ratio: ours / pytorch };
  }

  async #phases(): Promise<Phase[]> {
    const problem = this.#official();
    const game = { psi: true, amortise: 1 };
    const phases = await this.laboratory.phases(problem, game, this.options.quick ? 1 : 5);
    const work = iterationWork(problem, game);
    return phases.map((phase) => withFloor(phase, work, this.machine));
  }

  #methods(): Promise<MethodsResult> {
    const { quick, tiny, limit, iterations } = this.options;
    const options = {
      ...{ quick, tiny, iterations: iterations ?? 3 },
      limitSeconds: limit ?? (quick ? 20 : 120),
      graphBytes: tiny ? 2e8 : 3e9,
    };
    const attempt: Attempt = (name, body) => this.#attempt(name, body);
    return new MethodComparison(this.laboratory, options, attempt, this.progress).result();
  }

  #official(): Problem {
    return select({ ...this.options, only: [settings[0]!.name] }).settings[0]!.problem;
  }

  async #attempt<T>(name: string, body: () => Promise<T>): Promise<T | undefined> {
    this.progress(`timing ${name}`);
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      this.failures.push(`${name}: ${error.message}`);
      return undefined;
    }
  }
}
