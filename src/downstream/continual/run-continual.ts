import { UsageError, writeFileAtomic } from '../../core/index.js';
import { evaluationProtocol } from '../../evaluate/protocol.js';
import { resolveModel } from '../../models/index.js';
import {
  begin,
  type PipelineRequest,
  type RunContext,
  writeManifest,
} from '../../pipeline/run-context.js';
import type { Plan } from '../../plan/plan.js';
import type { RunDirectory } from '../../run/index.js';
import { requireSteps } from './class-order.js';
import { drawCurves } from './draw-curves.js';
import { curveOf } from './figures.js';
import { type Repetition, repeat } from './repetition.js';
import type { ContinualResult } from './result.js';

const resultFile = 'continual.json';

/**
 * Class-incremental learning with distilled memories: the classes come in steps, of each step's real images only a
 * memory of `distill.imagesPerClass` per class stays, and after each step networks are trained on the memories and
 * tested on all classes seen. Every memory and every network is kept as soon as it is there, so that the task goes on
 * where it was stopped, to the same figures. `continual.json` and `continual.svg` are replaced.
 */
export async function runContinual(request: PipelineRequest): Promise<ContinualResult> {
  const context = await begin(request);
  const { plan, data } = context;
  requireOwnNetworks(plan);
  requireSteps(plan.continual, data.train);
  const { directory } = request;
  writeManifest(directory, context);
  const repetitions = await repeatAll(context, request.shared ?? directory);
  const result = resultOf(context, repetitions);
  await store(directory, result);
  return result;
}

/** All repetitions, of which each process of a group does some by itself. */
async function repeatAll(context: RunContext, directory: RunDirectory): Promise<Repetition[]> {
  const { plan, group, signal } = context;
  const alone = { ...context, group: undefined };
  const go = async (own: readonly number[]): Promise<Repetition[]> => {
    const repetitions: Repetition[] = [];
    for (const repetition of own) {
      repetitions.push(await repeat({ context: alone, directory, repetition }));
    }
    return repetitions;
  };
  const all = Array.from({ length: plan.continual.seeds }, (_, index) => index + 1);
  return await (group ? group.shareOut(all, go, signal) : go(all));
}

/** Refuses what would bring images or networks of later classes into an early step. */
function requireOwnNetworks({ evaluate, pretrain, distill }: Plan): void {
  const problem =
    evaluate.labels.mode !== 'hard'
      ? `evaluate.labels.mode: expected hard, found ${evaluate.labels.mode}: a teacher would know all classes`
      : pretrain.pool !== undefined
        ? 'pretrain.pool: expected none: a pool that was trained elsewhere would know all classes'
        : distill.initialization.kind === 'load'
          ? 'distill.initialization.kind: expected mix, random or noise, found load: each step has images of its own'
          : undefined;
  if (problem !== undefined) throw new UsageError(`${problem} (continual learning)`);
}

function resultOf({ plan, data }: RunContext, repetitions: readonly Repetition[]): ContinualResult {
  const { classNames } = data.train;
  const { steps } = plan.continual;
  return {
    dataset: data.train.name,
    method: plan.distill.method,
    imagesPerClass: plan.distill.imagesPerClass,
    evaluatedOn: plan.dataset.validation > 0 ? 'validation' : 'test',
    classesSeen: Array.from(
      { length: steps },
      (_, step) => ((step + 1) * classNames.length) / steps,
    ),
    classOrders: repetitions.map(({ classOrder }) => classOrder.map((label) => classNames[label]!)),
    curves: repetitions[0]!.curves.map(({ name }, index) =>
      curveOf(
        name,
        repetitions.map(({ curves }) => curves[index]!.steps),
      ),
    ),
    protocol: evaluationProtocol(resolveModel(plan.student, data.train.shape), plan.evaluate, {
      normalization: data.train.normalization,
      formation: plan.distill.formation,
    }),
  };
}

async function store(directory: RunDirectory, result: ContinualResult): Promise<void> {
  writeFileAtomic(directory.pathOf(resultFile), `${JSON.stringify(result, null, 2)}\n`);
  await drawCurves(directory, result);
}
