import { BenchError } from './errors.js';
import type { TrainingTask } from './jobs.js';
import type { Laboratory } from './measure.js';
import {
  type Agreement,
  measurementOf,
  type PyTorchMeasurement,
  type RivalTraining,
  type SettingResult,
  type TrainingResult,
} from './results.js';
import { nameOf, nameOnly, type PyTorchForm, type Rival, rivalText } from './rivals.js';
import type { Problem, Setting } from './settings.js';
import { summarizeTimes } from './statistics.js';

/** Measures something unless it fails, which is noted. */
export type Attempt = <T>(name: string, body: () => Promise<T>) => Promise<T | undefined>;

/** Times our side against each PyTorch in each of its forms. A form that fails is noted, and the others go on. */
export class AgainstRivals {
  readonly #agreements = new Map<string, Agreement>();

  constructor(
    private readonly laboratory: Laboratory,
    private readonly forms: readonly PyTorchForm[] | undefined,
    private readonly attempt: Attempt,
  ) {}

  /** What the checks have found so far. */
  get agreements(): Agreement[] {
    return [...this.#agreements.values()];
  }

  /** Our iterations for each factor of amortisation, against every rival's. */
  async setting(setting: Setting, psi: boolean, peakGflops: number): Promise<SettingResult[]> {
    const { name, title, problem } = setting;
    const rivals = await this.#agreeing(problem);
    const timed = [];
    for (const amortise of setting.amortise) {
      const result = await this.laboratory.ours(setting, { psi, amortise });
      timed.push({ amortise, ours: measurementOf(problem, { psi, amortise }, result, peakGflops) });
    }
    const pytorch: PyTorchMeasurement[] = [];
    for (const { rival, same } of rivals) {
      const what = `${name}, sampling network ${psi ? 'on' : 'off'}: ${rivalText(nameOf(rival))}`;
      const theirs = await this.attempt(what, () => this.laboratory.pytorch(rival, setting, psi));
      if (theirs === undefined) continue;
      pytorch.push({
        ...nameOf(rival),
        same,
        ...measurementOf(problem, { psi, amortise: 1 }, theirs, peakGflops),
        timedClasses: Math.min(setting.pytorchClasses, problem.classes),
        classes: problem.classes,
        phases: theirs.phases,
      });
    }
    const best = fastest(pytorch.filter(({ same }) => same));
    return timed.map(({ amortise, ours }) => ({
      ...{ name, title, psi, amortise, ours, pytorch },
      best: nameOnly(best),
      ratio: best.seconds / ours.seconds,
    }));
  }

  /** Training steps of batches of 128. */
  async training(task: TrainingTask, problem: Problem, steps: number): Promise<TrainingResult> {
    const batchSize = 128;
    const job = { task, problem, batchSize, warmUpSteps: 2, steps };
    const ours = batchSize / summarizeTimes((await this.laboratory.training(job)).seconds).median;
    const pytorch: RivalTraining[] = [];
    for (const rival of await this.#rivals()) {
      const what = `${task} at width ${problem.width}: ${rivalText(nameOf(rival))}`;
      const theirs = await this.attempt(what, () => this.laboratory.rivalTraining(rival, job));
      if (theirs === undefined) continue;
      const seconds = summarizeTimes(theirs.seconds).median;
      pytorch.push({ ...nameOf(rival), seconds, speed: batchSize / seconds });
    }
    const best = fastest(pytorch);
    const ratio = ours / best.speed;
    return { task, width: problem.width, ours, pytorch, best: nameOnly(best), ratio };
  }

  async #rivals(): Promise<Rival[]> {
    const pytorches = await this.laboratory.pytorches();
    return pytorches.flatMap((pytorch) =>
      pytorch.forms
        .filter((form) => this.forms?.includes(form) ?? true)
        .map((form) => ({ pytorch, form })),
    );
  }

  /** The rivals that could be checked, and whether each computes our loss on images of a problem's shape. */
  async #agreeing(problem: Problem): Promise<{ rival: Rival; same: boolean }[]> {
    const checked = [];
    for (const rival of await this.#rivals()) {
      const what = rivalText(nameOf(rival));
      const key = `${what} ${problem.shape.join('×')}`;
      const agreement =
        this.#agreements.get(key) ??
        (await this.attempt(`the same loss: ${what}`, () =>
          this.laboratory.agreement(rival, problem),
        ));
      if (agreement === undefined) continue;
      this.#agreements.set(key, agreement);
      checked.push({ rival, same: agreement.same });
    }
    return checked;
  }
}

/** Throws BenchError for none. */
function fastest<T extends { readonly seconds: number }>(rivals: readonly T[]): T {
  const [first] = rivals.toSorted((a, b) => a.seconds - b.seconds);
  if (first !== undefined) return first;
  throw new BenchError(
    'no form of PyTorch computes our loss here, so there is nothing to compare with',
  );
}
