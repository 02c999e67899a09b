import { formatSize, UsageError } from '../core/index.js';
import type { TaskChunks } from '../distill/chunks.js';
import { usualChunks, wholeClasses } from '../distill/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink, MemoryFacts } from '../run/index.js';
import { residentMemory } from '../tensor/index.js';
import { usualTestChunk } from '../train/test-network.js';
import {
  footprint,
  perClass,
  type StageFootprint,
  stageBytes,
  type Workload,
} from './footprint.js';

/** The chunks a run works in and the memory it is expected to take with them. */
export interface MemoryPlan {
  readonly chunks: TaskChunks;
  readonly stages: readonly StageFootprint[];
  /** The most that the process is expected to hold, in bytes. */
  readonly estimate: number;
}

/** What a run took, beside what was expected; in bytes. */
export interface MemoryReport extends MemoryFacts {
  /** The most that the process has held. */
  readonly peak: number;
}

/** The share of a budget that is left free, because an estimate is one. */
export const safetyMargin = 0.1;

/** Below this a pass through a network costs more for its beginning and end than for its images. */
const leastImages = 8;

/**
 * Chooses the chunks that are left to us: those at which larger ones bring no more speed, or under a memory budget the
 * largest of their halves, quarters, … with which the estimate stays under it by `safetyMargin`. Throws UsageError
 * when even the smallest do not, saying which stage needs how much.
 */
export function planMemory(workload: Workload): MemoryPlan {
  const { memory } = workload.plan;
  const usual = askedOr(workload, usualTaskChunks(workload));
  if (memory === 'auto') return memoryPlan(workload, usual);
  const limit = memory * (1 - safetyMargin);
  const fitting = (name: keyof TaskChunks): number => {
    const sizes = candidates(workload, name, usual[name]);
    return (
      sizes.find((size) => fits(workload, { ...usual, [name]: size }, name, limit)) ?? sizes.at(-1)!
    );
  };
  const chosen = memoryPlan(workload, {
    real: fitting('real'),
    synthetic: fitting('synthetic'),
    test: fitting('test'),
  });
  if (chosen.estimate > limit) throw tooSmall(workload, chosen);
  return chosen;
}

/** What of a run's memory is known before it begins. */
export function memoryFacts(plan: Plan, { estimate, chunks }: MemoryPlan): MemoryFacts {
  return { budget: plan.memory, estimate: Math.round(estimate), chunks: { ...chunks } };
}

/** What a run that is over took; says so when it was more than its budget. */
export function memoryReport(plan: Plan, planned: MemoryPlan, onEvent: EventSink): MemoryReport {
  const { peak } = residentMemory();
  if (plan.memory !== 'auto' && peak > plan.memory) {
    onEvent({
      type: 'warning',
      message: `the process has held ${formatSize(peak)}, more than the ${formatSize(plan.memory)} it was to stay under (memory); the estimate was ${formatSize(planned.estimate)}`,
    });
  }
  return { ...memoryFacts(plan, planned), peak };
}

function usualTaskChunks({ plan, sizes: { classes } }: Workload): TaskChunks {
  const { realPerClass, decoded } = perClass(plan);
  const usual = usualChunks({ classes, realPerClass, decodedPerClass: decoded });
  return { ...usual, test: usualTestChunk };
}

function askedOr({ plan: { chunks } }: Workload, usual: TaskChunks): TaskChunks {
  const or = (name: keyof TaskChunks): number => {
    const asked = chunks[name];
    return asked === 'auto' ? usual[name] : asked;
  };
  return { real: or('real'), synthetic: or('synthetic'), test: or('test') };
}

/** Sizes to try, the largest first; one alone when it was asked for. */
function candidates({ plan }: Workload, name: keyof TaskChunks, largest: number): number[] {
  if (plan.chunks[name] !== 'auto') return [largest];
  const least = name === 'synthetic' ? 1 : Math.min(leastImages, largest);
  const sizes: number[] = [];
  for (let size = largest; size > least; size = Math.floor(size / 2)) sizes.push(size);
  const whole = (size: number): number =>
    name === 'real' ? wholeClasses(size, perClass(plan).realPerClass) : size;
  return [...sizes.map(whole), least];
}

/** Whether all that depends on one chunk stays under a limit; nothing depends on two. */
function fits(
  workload: Workload,
  chunks: TaskChunks,
  name: keyof TaskChunks,
  limit: number,
): boolean {
  return footprint(workload, chunks).every(({ held, passes }) =>
    passes.every(({ chunk, bytes }) => chunk !== name || held + bytes <= limit),
  );
}

function memoryPlan(workload: Workload, chunks: TaskChunks): MemoryPlan {
  const stages = footprint(workload, chunks);
  return { chunks, stages, estimate: Math.max(...stages.map(stageBytes)) };
}

const stageNames = {
  pretrain: 'pretraining',
  clusters: 'splitting the classes into clusters',
  distill: 'distilling',
  evaluate: 'evaluating',
} as const;

function tooSmall(
  { plan: { memory, chunks } }: Workload,
  { stages, estimate }: MemoryPlan,
): UsageError {
  const greediest = stages.find((stage) => stageBytes(stage) === estimate)!;
  const pass = greediest.passes.reduce((most, each) => (each.bytes > most.bytes ? each : most));
  const megabytes = Math.ceil(estimate / (1 - safetyMargin) / 1e6);
  const asked = Object.values(chunks).some((chunk) => chunk !== 'auto');
  const how = asked ? 'in these chunks' : 'in the smallest chunks';
  const [held, own] = [greediest.held, pass.bytes].map(formatSize);
  return new UsageError(
    `memory: ${formatSize(Number(memory))} do not hold this run: ${stageNames[greediest.stage]} takes about ${formatSize(estimate)} even ${how} (${held} all along, ${own} for ${pass.name}). Give ${megabytes}MB or more (--memory ${megabytes}MB), or make the run smaller.`,
  );
}
