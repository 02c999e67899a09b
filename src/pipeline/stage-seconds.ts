import { perClass, type Stage } from '../capacity/footprint.js';
import type { DatasetPair } from '../data/index.js';
import { trainingSteps } from '../evaluate/evaluate.js';
import type { NcfmOptions } from '../methods/index.js';
import type { Plan } from '../plan/plan.js';
import { pretrainSteps } from '../train/pretrain.js';
import type { ProbedSeconds } from './probe.js';

/** Sets that an evaluation trains networks on: random real images, the start, the result. */
export const evaluatedSets = 3;

/** Seconds of each stage: what pieces of its work take, times how often they will happen in all distillations. */
export function stageSeconds(
  plan: Plan,
  { train, test }: DatasetPair,
  probed: ProbedSeconds,
  missing: number,
): Record<Stage, number> {
  const { evaluate, repeats } = plan;
  const distill = plan.distill as NcfmOptions;
  const { classNames, labels } = train;
  const { decoded } = perClass(plan);
  const pretrained =
    pretrainSteps({ train, options: plan.pretrain }) * probed.pretrainStep +
    test.labels.length * probed.extractorImage;
  const draws = Math.ceil(distill.iterations / distill.amortize);
  const evaluated =
    trainingSteps(evaluate, classNames.length * decoded) * probed.evaluateStep +
    test.labels.length * probed.studentImage;
  return {
    pretrain: missing * pretrained,
    clusters:
      repeats *
      (labels.length * probed.extractorImage +
        classNames.length * Math.ceil(Math.log2(decoded)) * probed.halving),
    distill:
      repeats *
      (probed.beginning +
        draws * probed.drawingIteration +
        (distill.iterations - draws) * probed.iteration +
        probed.firstPicture +
        // The last picture shows the images twice.
        (snapshots(plan) + 1) * probed.picture),
    evaluate: repeats * evaluatedSets * evaluate.seeds * evaluated,
  };
}

/** Pictures of the images, the start's and the end's among them. */
export function snapshots({ snapshotEvery, distill: { iterations } }: Plan): number {
  return 1 + Math.ceil(iterations / snapshotEvery);
}
