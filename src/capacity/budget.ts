import { formatSize, isOutOfMemory, UsageError } from '../core/index.js';
import type { TaskChunks } from '../distill/chunks.js';
import { decodedPerClass, usualChunks, wholeClasses } from '../distill/index.js';
import { methodOf } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink, MemoryFacts } from '../run/index.js';
import { measuresMemory, memoryOn } from '../tensor/index.js';
import { usualImagesAtOnce } from '../train/images-at-once.js';
import {
  idleMemory,
  measureStage,
  readThrough,
  type Stage,
  type StageMeasurement,
  stages,
} from './measure.js';
import type { Measured } from './stage-work.js';

/** The chunks a run works in, and what it takes with them where that was measured. */
export interface MemoryPlan {
  readonly chunks: TaskChunks;
  /** In the order of the run; undefined without a measurement. */
  readonly stages?: readonly StageMeasurement[];
  /** The most that the process is expected to hold, in bytes; undefined without a measurement. */
  readonly estimate?: number;
}

/** What a run took, beside what was expected; in bytes. */
export interface MemoryReport extends MemoryFacts {
  /** The most that the process has held. */
  readonly peak: number;
}

export interface MemoryRequest extends Measured {
  /** The stages that will run; all when left out. */
  readonly stages?: readonly Stage[] | undefined;
  /** The most bytes that the process has held when the data were loaded; 0 when left out. */
  readonly loading?: number;
  /** Whether time and memory are measured without a budget, too. */
  readonly measure?: boolean;
}

/** The share of a budget that is left free, because a run is not its first steps. */
export const safetyMargin = 0.1;

/** Below this a pass through a network costs more for its beginning and end than for its images. */
const leastImages = 8;

/** Where the sizes of chunks tell. */
const chunkedStages: Record<keyof TaskChunks, readonly Stage[]> = {
  test: ['pretrain', 'evaluate'],
  real: ['distill'],
  synthetic: ['distill'],
};

const gerunds = { pretrain: 'pretraining', distill: 'distilling', evaluate: 'evaluating' } as const;

/**
 * Chooses the chunks that are left to us: without a budget those at which larger ones bring no more speed, and nothing is
 * measured; under one the largest of their halves, quarters, … with which every stage, measured in them, stays under it by
 * `safetyMargin`. Sizes are tried from the smallest up, so that the budget is hardly passed meanwhile. Throws UsageError
 * when even the smallest are too large, saying which stage needs how much.
 */
export async function planMemory(request: MemoryRequest): Promise<MemoryPlan> {
  const { plan, measure = false, onEvent } = request;
  // Data are loaded into main memory.
  const onCard = plan.device !== 'cpu' && measuresMemory(plan.device);
  const loading = onCard ? 0 : (request.loading ?? 0);
  const usual = usualTaskChunks(request);
  if (plan.memory === 'auto' && !measure) return { chunks: usual };
  if (!measuresMemory(plan.device)) {
    const message = `the memory of ${plan.device} is not measured yet, only the main memory`;
    if (plan.memory !== 'auto') {
      throw new UsageError(
        `memory: ${message}; use auto, and set chunks by hand where they are too large`,
      );
    }
    onEvent({ type: 'warning', message });
  }
  readThrough(request.data);
  const chunks = plan.memory === 'auto' ? usual : await fittingChunks(request, usual, plan.memory);
  const measured = await measureStages(request, request.stages ?? stages, chunks, measure);
  return { chunks, stages: measured, estimate: Math.max(loading, most(measured)) };
}

/** What of a run's memory is known before it begins. */
export function memoryFacts(plan: Plan, { estimate, chunks }: MemoryPlan): MemoryFacts {
  return {
    budget: plan.memory,
    ...(estimate !== undefined && { estimate: Math.round(estimate) }),
    chunks: { ...chunks },
  };
}

/** What a run that is over took; says so when it was more than its budget. */
export function memoryReport(plan: Plan, planned: MemoryPlan, onEvent: EventSink): MemoryReport {
  const { peak } = memoryOn(plan.device);
  if (plan.memory !== 'auto' && peak > plan.memory) {
    const expected =
      planned.estimate === undefined ? '' : `; ${formatSize(planned.estimate)} were expected`;
    onEvent({
      type: 'warning',
      message: `the process has held ${formatSize(peak)}, more than the ${formatSize(plan.memory)} it was to stay under (memory)${expected}`,
    });
  }
  return { ...memoryFacts(plan, planned), peak };
}

/** What was asked for; elsewhere what is usual. */
function usualTaskChunks({ plan, data: { train } }: MemoryRequest): TaskChunks {
  const { formation, imagesPerClass } = plan.distill;
  const usual = usualChunks(
    {
      classes: train.classNames.length,
      realPerClass: realPerClass(plan),
      decodedPerClass: decodedPerClass(formation, imagesPerClass),
    },
    plan.device,
    train.shape,
  );
  const or = (asked: number | 'auto', size: number): number => (asked === 'auto' ? size : asked);
  const { real, synthetic, test } = plan.chunks;
  return {
    real: or(real, usual.real),
    synthetic: or(synthetic, usual.synthetic),
    test: or(test, usualImagesAtOnce(plan.device, train.shape).forward),
  };
}

/** The largest chunks with which every stage stays under a budget; no stage does two chunked passes at once. */
async function fittingChunks(
  request: MemoryRequest,
  usual: TaskChunks,
  budget: number,
): Promise<TaskChunks> {
  const { plan, loading = 0, stages: chosen = stages } = request;
  const limit = budget * (1 - safetyMargin);
  requireFit(plan, 'loading the data', loading, limit);
  const base = await idleMemory();
  const sizes = (name: keyof TaskChunks): number[] => candidates(plan, name, usual[name]);
  const [test, real, synthetic] = [sizes('test'), sizes('real'), sizes('synthetic')];
  let chunks: TaskChunks = { real: real[0]!, synthetic: synthetic[0]!, test: test[0]! };
  const least = await measureStages(request, chosen, chunks, false);
  const { stage } = least.find(({ bytes }) => bytes === most(least))!;
  requireFit(plan, gerunds[stage], most(least), limit);
  for (const [name, ascending] of [
    ['test', test],
    ['real', real],
    ['synthetic', synthetic],
  ] as const) {
    const affected = least.filter(({ stage }) => chunkedStages[name].includes(stage));
    const names = affected.map(({ stage }) => stage);
    const bytesAt = async (size: number) =>
      most(await measureStages(request, names, { ...chunks, [name]: size }, false));
    const size = await largestFitting({
      sizes: ascending,
      least: most(affected),
      base,
      limit,
      bytesAt,
    });
    chunks = { ...chunks, [name]: size };
  }
  return chunks;
}

function realPerClass({ distill }: Plan): number {
  return methodOf(distill.method).realPerClass(distill);
}

/** Sizes to try, the smallest first; one alone when it was asked for. */
function candidates(plan: Plan, name: keyof TaskChunks, largest: number): number[] {
  if (plan.chunks[name] !== 'auto') return [largest];
  const least = name === 'synthetic' ? 1 : Math.min(leastImages, largest);
  const sizes: number[] = [];
  for (let size = largest; size > least; size = Math.floor(size / 2)) {
    sizes.unshift(name === 'real' ? wholeClasses(size, realPerClass(plan)) : size);
  }
  return [least, ...sizes];
}

export interface Ladder {
  /** Ascending. */
  readonly sizes: readonly number[];
  /** Bytes that the process held in chunks of the first size, and without any work. */
  readonly least: number;
  readonly base: number;
  readonly limit: number;
  /** Measures the bytes in chunks of a size. */
  readonly bytesAt: (size: number) => Promise<number>;
}

/**
 * The largest size of chunks whose measured bytes are within a limit, where the first size's are. A size that would pass it
 * if the bytes went on growing as they did so far is not tried; one for which there was no memory is too large.
 */
export async function largestFitting(ladder: Ladder): Promise<number> {
  const { sizes, least, base, limit, bytesAt } = ladder;
  const [smallest, largest] = [sizes[0]!, sizes.at(-1)!];
  // Nothing takes more than in proportion to its chunks.
  if (least + (least - base) * (largest / smallest - 1) <= limit) return largest;
  let [fitting, slope] = [smallest, 0];
  for (const size of sizes.slice(1)) {
    if (least + slope * (size - smallest) > limit) break;
    const found = await bytesAt(size).catch(infiniteWithoutMemory);
    if (found > limit) break;
    slope = (found - least) / (size - smallest);
    fitting = size;
  }
  return fitting;
}

function infiniteWithoutMemory(error: unknown): number {
  if (isOutOfMemory(error)) return Number.POSITIVE_INFINITY;
  throw error;
}

async function measureStages(
  request: MemoryRequest,
  chosen: readonly Stage[],
  chunks: TaskChunks,
  timed: boolean,
): Promise<StageMeasurement[]> {
  const measured: StageMeasurement[] = [];
  for (const stage of chosen) {
    request.onEvent({ type: 'measure', work: gerunds[stage] });
    measured.push(await measureStage(stage, { ...request, chunks, timed }));
  }
  return measured;
}

function most(measured: readonly StageMeasurement[]): number {
  return Math.max(0, ...measured.map(({ bytes }) => bytes));
}

function requireFit({ memory }: Plan, work: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  const megabytes = Math.ceil(bytes / (1 - safetyMargin) / 1e6);
  throw new UsageError(
    `memory: ${formatSize(Number(memory))} do not hold this run: ${work} takes about ${formatSize(bytes)}, however small the chunks that are left to auto. Give ${megabytes}MB or more (--memory ${megabytes}MB), or make the run smaller.`,
  );
}
