import { availableParallelism, cpus, totalmem } from 'node:os';
import { AgainstRivals, type Attempt } from './against-rivals.js';
import type { BenchArguments } from './arguments.js';
import { runOurs } from './children.js';
import { measureCurves } from './curves.js';
import { BenchError } from './errors.js';
import { iterationWork } from './flops.js';
import type { MachineResult, TrainingTask } from './jobs.js';
import { Laboratory } from './measure.js';
import { MethodComparison } from './methods/measure.js';
import type { MethodsResult } from './methods/results.js';
import {
  type BenchResult,
  type CurvePoint,
  type Machine,
  type Phase,
  type SettingResult,
  type TrainingResult,
  withFloor,
} from './results.js';
import type { PyTorch } from './rivals.js';
import { type Extra, type Problem, type Setting, select, settings } from './settings.js';

/** Says on standard error what is being measured. */
export type Progress = (line: string) => void;

/** Runs everything that the command line asks for. Throws BenchError where PyTorch is wanted and there is none. */
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
    pythons: options.pythons,
  });
  const machine = describe(measured, selected.compared ? await laboratory.pytorches() : []);
  const run = new Run(laboratory, measured, options, progress);
  const results = await run.settings(selected.settings);
  const extras = await run.extras(selected.extras);
  const { agreements: agreement, failures } = run;
  return { machine, agreement, settings: results, ...extras, failures };
}

async function physicalCores(): Promise<number> {
  const options = { threads: availableParallelism() };
  return (await runOurs<{ threads: number }>({ kind: 'threads' }, options)).threads;
}

function describe(measured: MachineResult, pytorches: readonly PyTorch[]): Machine {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  return { ...measured, cpu, memoryBytes: totalmem(), pytorches };
}

type Extras = Pick<
  BenchResult,
  'training' | 'overhead' | 'kernels' | 'phases' | 'data' | 'curves' | 'methods'
>;

/** One run: what fails is noted, and the rest goes on. */
class Run {
  readonly failures: string[] = [];
  readonly #rivals: AgainstRivals;

  constructor(
    private readonly laboratory: Laboratory,
    private readonly machine: MachineResult,
    private readonly options: BenchArguments,
    private readonly progress: Progress,
  ) {
    this.#rivals = new AgainstRivals(laboratory, options.forms, this.#attempt);
  }

  get agreements(): BenchResult['agreement'] {
    return this.#rivals.agreements;
  }

  async settings(chosen: readonly Setting[]): Promise<SettingResult[]> {
    const results: SettingResult[] = [];
    for (const setting of chosen) {
      for (const psi of setting.psi) {
        const name = `${setting.name}, sampling network ${psi ? 'on' : 'off'}`;
        const result = await this.#attempt(name, () =>
          this.#rivals.setting(setting, psi, this.machine.peakGflops),
        );
        results.push(...(result ?? []));
      }
    }
    return results;
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
      curves: (await wanted('curves', () => this.#curves())) ?? [],
      methods: (await wanted('methods', () => this.#methods())) ?? null,
    };
  }

  async #training(): Promise<TrainingResult[]> {
    const tasks: readonly (readonly [TrainingTask, number])[] = [
      ['pretraining', 32],
      ['pretraining', 128],
      ['evaluation', 128],
      ['second order', 128],
    ];
    const { tiny, quick } = this.options;
    const results: TrainingResult[] = [];
    for (const [task, usual] of tasks) {
      const problem = { ...this.#official(), width: tiny ? usual / 16 : usual };
      this.progress(`timing ${task} of a network of width ${problem.width}`);
      results.push(await this.#rivals.training(task, problem, quick ? 4 : 20));
    }
    return results;
  }

  async #phases(): Promise<Phase[]> {
    const problem = this.#official();
    const game = { psi: true, amortise: 1 };
    const phases = await this.laboratory.phases(problem, game, this.options.quick ? 1 : 5);
    const work = iterationWork(problem, game);
    return phases.map((phase) => withFloor(phase, work, this.machine));
  }

  #curves(): Promise<CurvePoint[]> {
    const { tiny, iterations = 3 } = this.options;
    const options = { threads: this.machine.threads, iterations, tiny };
    return measureCurves(this.laboratory, options, this.#attempt);
  }

  #methods(): Promise<MethodsResult> {
    const { quick, tiny, limit, iterations } = this.options;
    const options = {
      ...{ quick, tiny, iterations: iterations ?? 3 },
      limitSeconds: limit ?? (quick ? 20 : 120),
      graphBytes: tiny ? 2e8 : 3e9,
    };
    const { laboratory, progress } = this;
    return new MethodComparison(laboratory, options, this.#attempt, progress).result();
  }

  #official(): Problem {
    return select({ ...this.options, only: [settings[0]!.name] }).settings[0]!.problem;
  }

  readonly #attempt: Attempt = async (name, body) => {
    this.progress(`timing ${name}`);
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      this.failures.push(`${name}: ${error.message}`);
      return undefined;
    }
  };
}
