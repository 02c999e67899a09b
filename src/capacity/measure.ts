import { freemem } from 'node:os';
import { collectGarbage } from '../core/garbage.js';
import { spans } from '../core/spans.js';
import type { Dataset } from '../data/index.js';
import {
  measuresMemory,
  memoryOn,
  RandomGenerator,
  resetPeak,
  residentMemory,
} from '../tensor/index.js';
import { chooseEvaluationWorkers } from './choose-workers.js';
import {
  distillOnce,
  evaluateOnce,
  type Measured,
  pretrainOnce,
  type StageSeconds,
  type StageWork,
} from './stage-work.js';

/** The stages of a run, in order. */
export const stages = ['pretrain', 'distill', 'evaluate'] as const;
/** Those of a distillation without evaluation. */
export const distillStages = ['pretrain', 'distill'] as const;
export type Stage = (typeof stages)[number];

export interface StageMeasurement extends StageSeconds {
  readonly stage: Stage;
  /** The most that the process, with its workers, has held meanwhile, of a GPU's memory where that is measured. */
  readonly bytes: number;
  /** Estimated: of the pretraining of one network, of one distillation, of the evaluation of one network. */
  readonly seconds: number;
}

/** Bytes that JavaScript's garbage grows to in a run before it is collected, which its first steps do not show. */
const garbage = 32e6;

/** What a process takes of a card before its first tensor. */
const cardContext = 500e6;

const work: Record<Stage, (work: StageWork) => Promise<StageSeconds>> = {
  pretrain: pretrainOnce,
  distill: distillOnce,
  evaluate: evaluateOnce,
};

/**
 * Does a little of a stage's work and tells what it takes. Everything made for it is released, and nothing that a run draws
 * depends on it. Throws what the work throws, also where there is no memory for it.
 */
export async function measureStage(
  stage: Stage,
  measured: Measured & Pick<StageWork, 'chunks' | 'timed'>,
): Promise<StageMeasurement> {
  const { plan, data } = measured;
  const idle = await idleMemory();
  const random = new RandomGenerator(plan.seed, plan.device).derive('measure');
  try {
    const took = await work[stage]({ ...measured, random });
    const onCard = plan.device !== 'cpu' && measuresMemory(plan.device);
    const peak = memoryOn(plan.device).recentPeak + (onCard ? 0 : garbage);
    const { workers } = chooseEvaluationWorkers(plan);
    if (stage !== 'evaluate' || workers === 1) return { stage, bytes: peak, ...took };
    if (onCard) return { stage, bytes: workers * (peak + cardContext), ...took };
    // A worker takes what this process has taken, but has no training images of the dataset.
    return { stage, bytes: idle + workers * (peak - bytesOf(data.train)), ...took };
  } finally {
    resetPeak();
  }
}

/** Bytes that the process holds without any work. What earlier work has left is given back, and `recentPeak` begins anew. */
export async function idleMemory(): Promise<number> {
  await collectGarbage();
  resetPeak();
  return residentMemory().current;
}

/**
 * Reads all images once: what is mapped from a file counts as the process's memory as soon as it has been read, as it will
 * be in a run. Sets that would not stay in the memory that is free are not read.
 */
export function readThrough({ train, test }: Measured['data']): void {
  for (const part of test ? [train, test] : [train]) {
    if (bytesOf(part) > freemem() / 2) continue;
    for (const { start, length } of spans(part.labels.length, 256)) {
      part.read(Int32Array.from({ length }, (_, index) => start + index));
    }
  }
}

/** Of all pixels, as they are stored. */
function bytesOf(part: Dataset): number {
  return part.labels.length * part.read([0]).byteLength;
}
