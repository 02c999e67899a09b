import type { StageMeasurement } from '../capacity/measure.js';
import type { Plan } from '../plan/plan.js';
import type { PictureCost } from './draw-once.js';

/** Sets that an evaluation trains networks on: random real images, the start, the result. */
export const evaluatedSets = 3;

/**
 * Seconds that a plan's whole stage takes.
 *
 * @param missing networks that are still to be pretrained, in all distillations
 * @param pictures the first, which takes longer, and another
 */
export function stageSeconds(
  plan: Plan,
  { stage, seconds }: StageMeasurement,
  missing: number,
  [first, other]: readonly [PictureCost, PictureCost],
): number {
  const { repeats, evaluate } = plan;
  if (stage === 'pretrain') return missing * seconds;
  if (stage === 'evaluate') return repeats * evaluatedSets * evaluate.seeds * seconds;
  // The last picture shows the images twice.
  return repeats * (seconds + first.seconds + (snapshots(plan) + 1) * other.seconds);
}

/** Pictures of the images, the start's and the end's among them. */
export function snapshots({ snapshotEvery, distill: { iterations } }: Plan): number {
  return 1 + Math.ceil(iterations / snapshotEvery);
}
