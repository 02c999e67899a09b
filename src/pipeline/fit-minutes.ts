import { stages as allStages, measureStage, type Stage } from '../capacity/measure.js';
import { type Shared, shareTime } from '../capacity/share-time.js';
import { UsageError } from '../core/index.js';
import { formatDuration } from '../core/progress.js';
import { decodedPerClass } from '../distill/index.js';
import { methodOf, wantsPool } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { imagesPerBatch, trainingSteps } from '../train/train.js';
import { hasIterations } from './fit-seconds.js';
import { checkPlan, type Prepared } from './prepare.js';
import { evaluatedSets } from './stage-seconds.js';

/** What a time budget chooses where it was not given: how wide networks are, and how long each stage is. */
export const fittedSettings = {
  width: 'model.width',
  pretrain: 'pretrain.length',
  distill: 'distill.iterations',
  evaluate: 'evaluate.length',
} as const;
export type FittedSetting = (typeof fittedSettings)[keyof typeof fittedSettings];

export interface FitMinutesRequest {
  /** What is chosen for; it stays as it is in everything else. */
  readonly plan: Plan;
  readonly minutes: number;
  /** Settings that stay as well. */
  readonly given: ReadonlySet<FittedSetting>;
  readonly cache: string;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Settings that fill the time, and what the run is expected to take on this machine. */
export interface FittedTime {
  /** As `--set` takes them. */
  readonly settings: readonly string[];
  /** Of ConvNets; null where networks have no width that could be chosen. */
  readonly width: number | null;
  /** Passes of each network of the pool over the training images. */
  readonly epochs: number;
  /** Networks of the pool. */
  readonly networks: number;
  readonly iterations: number;
  /** Of each network that is evaluated. */
  readonly steps: number;
  /** Networks that are evaluated. */
  readonly evaluated: number;
  /** Of each stage. */
  readonly seconds: Readonly<Record<Stage, number>>;
  /** Of all, and of what it took to choose. */
  readonly total: number;
}

/** Of ConvNets, the narrowest first; the papers' is 128. */
const widths = [32, 64, 128] as const;

/** Each stage's part of the time. */
const weights = { pretrain: 0.3, distill: 0.3, evaluate: 0.4 } as const;

/**
 * Lengths from which a wider network is worth it, and beyond which more is of little use (docs/results.md has the curves);
 * those of pretraining in epochs, but no fewer steps than these.
 */
const worthwhile = {
  pretrain: { epochs: [2, 12], steps: [300, 1500] },
  distill: [150, Number.POSITIVE_INFINITY],
  evaluate: [800, 3000],
} as const;

/** Lengths below which even the narrowest network gives nothing of use. */
const bare = { pretrain: 50, distill: 20, evaluate: 100 } as const;

/** What checking, pictures and the report take beside the stages, as a part of the time. */
const beside = 0.03;

/**
 * The widest networks, and the lengths of pretraining, distilling and evaluating, that fill the time on this machine: a
 * little of each stage is done to know its pace. Throws UsageError for a plan that cannot run, and where the time is too
 * short for anything of use, saying how much would do.
 */
export async function fitMinutes(request: FitMinutesRequest): Promise<FittedTime> {
  const { plan, minutes, given, cache, onEvent = () => {}, signal } = request;
  const started = performance.now();
  const passed = (): number => (performance.now() - started) / 1000;
  const left = (): number => minutes * 60 * (1 - beside) - passed();
  const prepared = await checkPlan({ ...plan, memory: 'auto' }, { cache, onEvent, signal });
  const choices = given.has('model.width') || plan.model.name !== 'convnet' ? [undefined] : widths;
  let best: Fitted | undefined;
  for (const width of choices) {
    const paced = await measurePace(withWidth(plan, width), prepared, { onEvent, signal });
    const lengths = lengthsOf(paced, worthwhileBounds(paced), given, left());
    if (lengths === undefined) {
      // Measuring what is too wide has taken time, too.
      best = best
        ? {
            ...best,
            lengths: lengthsOf(best, worthwhileBounds(best), given, left()) ?? best.lengths,
          }
        : barely(paced, request, left(), passed());
      break;
    }
    best = { ...paced, lengths };
  }
  return describe(best!, given, passed());
}

/** A plan with some width, and what each stage takes with it on this machine, all repeats together. */
interface Paced {
  readonly plan: Plan;
  /** Steps that are one pass over the training images. */
  readonly stepsPerEpoch: number;
  readonly stages: Readonly<Record<Stage, Pace>>;
}

interface Pace extends Pick<Shared, 'fixed' | 'each'> {
  /** Steps of the plan. */
  readonly steps: number;
}

interface Fitted extends Paced {
  readonly lengths: Readonly<Record<Stage, number>>;
}

type Bounds = Readonly<Record<Stage, Pick<Shared, 'least' | 'most'>>>;

async function measurePace(
  plan: Plan,
  { data, memory: { chunks } }: Prepared,
  watched: { readonly onEvent: EventSink; readonly signal: AbortSignal | undefined },
): Promise<Paced> {
  const { pretrain, distill, evaluate, repeats } = plan;
  const { labels, classNames } = data.train;
  const decoded = classNames.length * decodedPerClass(distill.formation, distill.imagesPerClass);
  const times = { pretrain: pretrain.networks, distill: 1, evaluate: evaluatedNetworks(plan) };
  const steps = {
    pretrain: trainingSteps(pretrain, labels.length),
    distill: distill.iterations,
    evaluate: trainingSteps(evaluate, decoded),
  };
  const paceOf = async (stage: Stage): Promise<Pace> => {
    const work = { plan, data, chunks, pretrains: true, timed: true, ...watched };
    const { seconds, fixed } = await measureStage(stage, work);
    const count = repeats * times[stage];
    const each = (count * (seconds - fixed)) / steps[stage];
    return { fixed: count * fixed, each, steps: steps[stage] };
  };
  return {
    plan,
    stepsPerEpoch: labels.length / imagesPerBatch(pretrain.batchSize, labels.length),
    stages: {
      pretrain: await paceOf('pretrain'),
      distill: await paceOf('distill'),
      evaluate: await paceOf('evaluate'),
    },
  };
}

/** The lengths that fill some seconds within bounds; undefined where the least takes longer. */
function lengthsOf(
  { plan, stages }: Paced,
  bounds: Bounds,
  given: ReadonlySet<FittedSetting>,
  seconds: number,
): Fitted['lengths'] | undefined {
  const isFree = (stage: Stage): boolean =>
    !given.has(fittedSettings[stage]) && stages[stage].each > 0 && isChosen(stage, plan);
  const free = allStages.filter(isFree);
  const fixed = allStages.filter((stage) => !isFree(stage));
  const taken = fixed.reduce((sum, stage) => sum + secondsOf(stages[stage]), 0);
  const shared = free.map((stage) => ({
    ...stages[stage],
    ...bounds[stage],
    weight: weights[stage],
  }));
  const lengths = shareTime(shared, seconds - taken);
  if (lengths === undefined) return undefined;
  const chosen = Object.fromEntries(free.map((stage, index) => [stage, lengths[index]!]));
  const own = Object.fromEntries(fixed.map((stage) => [stage, stages[stage].steps]));
  return { ...own, ...chosen } as Fitted['lengths'];
}

/** Whether a stage's length is left to the budget, where it is not given. */
function isChosen(stage: Stage, plan: Plan): boolean {
  // A method that follows trajectories says for how many epochs.
  if (stage === 'pretrain') return methodOf(plan.distill.method).material !== 'trajectories';
  return stage === 'evaluate' || hasIterations(plan);
}

function secondsOf({ fixed, each, steps }: Pace, length = steps): number {
  return fixed + each * length;
}

function worthwhileBounds({ stepsPerEpoch }: Paced): Bounds {
  const { epochs, steps } = worthwhile.pretrain;
  const [least, most] = [0, 1].map((end) =>
    Math.max(Math.ceil(epochs[end]! * stepsPerEpoch), steps[end]!),
  );
  const [distillLeast, distillMost] = worthwhile.distill;
  const [evaluateLeast, evaluateMost] = worthwhile.evaluate;
  return {
    pretrain: { least: least!, most: most! },
    distill: { least: distillLeast, most: distillMost },
    evaluate: { least: evaluateLeast, most: evaluateMost },
  };
}

/** Shorter than is worthwhile. Throws UsageError where even that takes longer. */
function barely(paced: Paced, request: FitMinutesRequest, left: number, passed: number): Fitted {
  const { given, minutes } = request;
  const worth = worthwhileBounds(paced);
  const bounds = {
    pretrain: { least: bare.pretrain, most: worth.pretrain.least },
    distill: { least: bare.distill, most: worth.distill.least },
    evaluate: { least: bare.evaluate, most: worth.evaluate.least },
  };
  const lengths = lengthsOf(paced, bounds, given, left);
  if (lengths !== undefined) return { ...paced, lengths };
  const least = allStages.reduce(
    (sum, stage) => sum + secondsOf(paced.stages[stage], bounds[stage].least),
    passed,
  );
  throw new UsageError(
    `${minutes} min are too few: on this machine the least that is of use takes about ${formatDuration(least / (1 - beside))}. Give it more, or make less to do: fewer networks (pretrain.networks, evaluate.seeds), fewer images per class`,
  );
}

function describe(
  { plan, lengths, stages, stepsPerEpoch }: Fitted,
  given: ReadonlySet<FittedSetting>,
  passed: number,
): FittedTime {
  const seconds = Object.fromEntries(
    allStages.map((stage) => [stage, secondsOf(stages[stage], lengths[stage])]),
  ) as FittedTime['seconds'];
  const width = plan.model.name === 'convnet' ? ((plan.model.width as number) ?? null) : null;
  const choices: Readonly<Record<FittedSetting, string | undefined>> = {
    'model.width': width === null ? undefined : `${width}`,
    'pretrain.length': isChosen('pretrain', plan) ? `{ steps: ${lengths.pretrain} }` : undefined,
    'distill.iterations': isChosen('distill', plan) ? `${lengths.distill}` : undefined,
    'evaluate.length': `{ steps: ${lengths.evaluate} }`,
  };
  return {
    settings: Object.entries(choices).flatMap(([key, value]) =>
      value === undefined || given.has(key as FittedSetting) ? [] : `${key}=${value}`,
    ),
    width,
    epochs: lengths.pretrain / stepsPerEpoch,
    networks: wantsPool(plan.distill) ? plan.repeats * plan.pretrain.networks : 0,
    iterations: lengths.distill,
    steps: lengths.evaluate,
    evaluated: plan.repeats * evaluatedNetworks(plan),
    seconds,
    total: passed + Object.values(seconds).reduce((sum, each) => sum + each),
  };
}

function evaluatedNetworks({ evaluate }: Plan): number {
  return evaluatedSets * evaluate.seeds;
}

function withWidth(plan: Plan, width: number | undefined): Plan {
  if (width === undefined) return plan;
  const follows = JSON.stringify(plan.student) === JSON.stringify(plan.model);
  const model = { ...plan.model, width } as Plan['model'];
  return { ...plan, model, student: follows ? model : plan.student };
}
