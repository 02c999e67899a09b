import type { Attempt } from '../against-rivals.js';
import type { MethodTimes } from '../jobs.js';
import type { Laboratory } from '../measure.js';
import { type Problem, settings } from '../settings.js';
import { summarizeTimes } from '../statistics.js';
import {
  type Comparison,
  type Cost,
  comparisons,
  type Form,
  forms,
  type InnerLoop,
  shrunk,
  type Work,
} from './cases.js';
import {
  type FormCost,
  type MethodRow,
  type MethodsResult,
  type ScalingCheck,
  titleOf,
} from './results.js';
import { extrapolateBytes, extrapolateSeconds, partOf, partsWithin, ratios } from './scale.js';

export interface MethodsOptions {
  /** Of each measurement, for iterations to be timed whole. */
  readonly limitSeconds: number;
  /** That the official forms' graphs may take. */
  readonly graphBytes: number;
  /** Iterations timed of each, as far as they fit into the limit. */
  readonly iterations: number;
  readonly quick: boolean;
  readonly tiny: boolean;
}

type Measured = Omit<FormCost, 'ratio'>;
type Trajectories = Exclude<Work, { method: 'ncfm' }>;

/** NCFM, TESLA and MTT side by side: seconds and memory of an iteration. */
export class MethodComparison {
  constructor(
    private readonly laboratory: Laboratory,
    private readonly options: MethodsOptions,
    private readonly attempt: Attempt,
    private readonly tell: (line: string) => void,
  ) {}

  async result(): Promise<MethodsResult> {
    const { quick, tiny } = this.options;
    const chosen = quick ? comparisons.slice(0, 1) : comparisons;
    const sized = tiny ? chosen.map(shrunk) : chosen;
    const checks = await this.#checks(sized[0]!.problem);
    const results = [];
    for (const comparison of sized) results.push(await this.#compare(comparison));
    return { checks, comparisons: results };
  }

  async #compare(comparison: Comparison) {
    const { name, title, loops, paper } = comparison;
    const works: Work[] = [
      { method: 'ncfm', psi: false },
      { method: 'ncfm', psi: true },
      ...loops.flatMap((loop): Work[] => [
        { method: 'tesla', ...loop },
        { method: 'mtt', ...loop },
      ]),
    ];
    const rows: MethodRow[] = [];
    for (const work of works) {
      const printed = paper[work.method === 'ncfm' ? (work.psi ? 'on' : 'off') : work.method];
      const costs: [Form, FormCost | null][] = [];
      for (const form of forms) {
        const cost = await this.attempt(`${name}: ${titleOf(work)}, ${form}`, () =>
          work.method === 'ncfm'
            ? this.#ncfm(comparison.problem, work, form)
            : this.#rival(comparison.problem, work, form),
        );
        if (cost) this.tell(`${cost.seconds.toPrecision(3)} s`);
        const base = rows[0]?.costs[form] ?? null;
        costs.push([form, cost ? { ...cost, ratio: ratios(cost, rows[0] ? base : cost) } : null]);
      }
      rows.push({
        work,
        costs: Object.fromEntries(costs) as MethodRow['costs'],
        paper: printed,
        paperRatio: printed && ratios(printed, paper.off),
      });
    }
    return { name, title, rows };
  }

  /** Ours on all classes; what is slower on as many as fit into the limit, its time being linear in them. */
  async #ncfm(
    problem: Problem,
    work: Extract<Work, { method: 'ncfm' }>,
    form: Form,
  ): Promise<Measured> {
    if (form === 'official') return await this.#pytorch(problem, work.psi);
    if (form === 'ours') return costOf(await this.#play(problem, work, form));
    const first = costOf(await this.#play({ ...problem, classes: 2 }, work, form, 1));
    const { classes } = problem;
    const timed = partsWithin(this.options.limitSeconds, first.seconds / 2, classes);
    const { seconds, bytes } = costOf(await this.#play({ ...problem, classes: timed }, work, form));
    if (timed === classes) return { seconds, bytes, part: null };
    const part = `${timed} of ${classes} classes`;
    return { seconds: (seconds * classes) / timed, bytes: null, part };
  }

  async #pytorch(problem: Problem, psi: boolean): Promise<Measured> {
    const { classes } = problem;
    const { iterations, limitSeconds } = this.options;
    const rival = await this.laboratory.firstRival();
    const time = async (pytorchClasses: number, count: number) => {
      const setting = {
        ...{ name: 'methods', title: '', problem, pytorchClasses, amortise: [1], psi: [psi] },
        iterations: { ours: iterations, pytorch: count },
        warmUp: { ours: 0, pytorchClasses: 1 },
      };
      return await this.laboratory.pytorch(rival, setting, psi);
    };
    const most = Math.min(settings.at(-1)!.pytorchClasses, classes);
    // The first iteration takes seconds for what is done once.
    const each = Math.min(...(await time(1, 2)).seconds) / classes;
    const timed = partsWithin(limitSeconds / iterations, each, most);
    const cost = costOf(await time(timed, iterations));
    return { ...cost, part: timed < classes ? `${timed} of ${classes} classes` : null };
  }

  async #rival(problem: Problem, work: Trajectories, form: Form): Promise<Measured> {
    if (form === 'official') return await this.#official(problem, work);
    const two = { ...work, innerSteps: 2 };
    const first = costOf(await this.#play(problem, two, form, 1));
    const each = first.seconds / 2;
    const innerSteps = partsWithin(this.options.limitSeconds, each, work.innerSteps);
    const part = { ...work, innerSteps };
    const times = await this.#play(problem, part, form);
    const { seconds, bytes } = costOf(times);
    return {
      seconds: extrapolateSeconds(seconds, part, work),
      // What a step leaves behind are the parameters before it.
      bytes: bytes + (work.innerSteps - innerSteps) * 4 * times.parameters,
      part: partOf(part, work),
    };
  }

  /** On some images of each step, of MTT's steps on some as well: as much as the limits allow. */
  async #official(problem: Problem, work: Trajectories): Promise<Measured> {
    const { limitSeconds, graphBytes } = this.options;
    const innerSteps = work.method === 'mtt' ? Math.min(4, work.innerSteps) : work.innerSteps;
    const few = { ...work, innerSteps, images: Math.min(8, work.images) };
    const first = await this.#play(problem, few, 'official', 1);
    const fitting = [
      partsWithin(graphBytes, (first.peakBytes - first.fixedBytes) / few.images, work.images),
      partsWithin(limitSeconds, costOf(first).seconds / few.images, work.images),
    ];
    const more = { ...work, innerSteps, images: Math.min(...fitting) };
    return { ...(await this.#scaled(problem, more, work)), part: partOf(more, work) };
  }

  /** A loop's cost in its official form, from those of a lesser one and of one with half of that one's images. */
  async #scaled(
    problem: Problem,
    more: Trajectories,
    to: InnerLoop,
  ): Promise<Cost & { bytes: number }> {
    const some = { ...more, images: Math.ceil(more.images / 2) };
    const lesser = await this.#play(problem, some, 'official', 1);
    const greater = await this.#play(problem, more, 'official');
    const fixed = greater.fixedBytes;
    const grown = lesser.peakBytes - lesser.fixedBytes + fixed;
    return {
      seconds: extrapolateSeconds(costOf(greater).seconds, more, to),
      bytes: extrapolateBytes(
        [
          { ...some, bytes: grown },
          { ...more, bytes: greater.peakBytes },
        ],
        fixed,
        to,
      ),
    };
  }

  /** Whether small loops foretell a greater one, for each form and way of scaling. */
  async #checks(problem: Problem): Promise<ScalingCheck[]> {
    const cases: readonly (readonly [Trajectories['method'], Form, InnerLoop, InnerLoop])[] = [
      ['mtt', 'ours', { innerSteps: 2, images: 64 }, { innerSteps: 8, images: 64 }],
      ['mtt', 'libtorch', { innerSteps: 2, images: 64 }, { innerSteps: 8, images: 64 }],
      ['mtt', 'official', { innerSteps: 2, images: 40 }, { innerSteps: 4, images: 100 }],
      ['tesla', 'official', { innerSteps: 2, images: 64 }, { innerSteps: 2, images: 192 }],
    ];
    const checks: ScalingCheck[] = [];
    for (const [method, form, from, to] of cases) {
      const check = await this.attempt(`scaling of ${titleOf({ method, ...to })}, ${form}`, () =>
        this.#check(problem, { method, form, from, to }),
      );
      if (check) checks.push(check);
    }
    return checks;
  }

  async #check(
    problem: Problem,
    {
      method,
      form,
      from,
      to,
    }: Record<'from' | 'to', InnerLoop> & Pick<ScalingCheck, 'method' | 'form'>,
  ): Promise<ScalingCheck> {
    const whole = costOf(await this.#play(problem, { method, ...to }, form));
    const base = { method, form, to };
    if (form === 'official') {
      const halved = { ...from, images: from.images / 2 };
      const foretold = await this.#scaled(problem, { method, ...from }, to);
      return { ...base, from: [halved, from], ratio: ratios(foretold, whole)! };
    }
    const times = await this.#play(problem, { method, ...from }, form);
    const { seconds, bytes } = costOf(times);
    const foretold = {
      seconds: extrapolateSeconds(seconds, from, to),
      bytes: bytes + (to.innerSteps - from.innerSteps) * 4 * times.parameters,
    };
    return { ...base, from: [from], ratio: ratios(foretold, whole)! };
  }

  #play(
    problem: Problem,
    work: Work,
    form: Form,
    iterations = this.options.iterations,
  ): Promise<MethodTimes> {
    const { limitSeconds } = this.options;
    return this.laboratory.method({ problem, work, form, iterations, limitSeconds });
  }
}

function costOf({ seconds, peakBytes }: Pick<MethodTimes, 'seconds' | 'peakBytes'>): Measured & {
  bytes: number;
} {
  return { seconds: summarizeTimes(seconds).median, bytes: peakBytes, part: null };
}
