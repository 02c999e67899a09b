import type { FinishedWork } from '../core/index.js';
import type { DatasetPair } from '../data/index.js';
import {
  type CompareRequest,
  type DecodedSet,
  measure,
  measureRandom,
  stepsFor,
} from '../evaluate/compare.js';
import { type ArchitectureResult, crossArchitectures } from '../evaluate/cross-architecture.js';
import { type EvaluationProtocol, evaluationProtocol } from '../evaluate/protocol.js';
import { type RankingResult, rankSet } from '../evaluate/rank.js';
import type { WholeData } from '../evaluate/results.js';
import { type SetFigures, setFigures } from '../evaluate/results.js';
import { type ModelOptions, resolveModel } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import type { Tensor } from '../tensor/index.js';
import { openEvaluationWorkers } from './evaluation-workers.js';
import { teacherOf } from './label-run.js';
import { checkPlan } from './prepare.js';
import { begin, type RunContext } from './run-context.js';
import { measureWholeData, wholeDataIfReady } from './whole-data.js';

export interface EvaluateSetRequest {
  /** Which data to test on, and the evaluation's settings; what it says of distilling is not used. */
  readonly plan: Plan;
  /** The data to test on, where it is at hand; the plan's is opened when left out. */
  readonly data?: DatasetPair | undefined;
  /** Folder of trained networks, shared by runs. */
  readonly cache: string;
  /** Keeps each network's figures; see `EvaluateRequest`. */
  readonly finished?: FinishedWork | undefined;
  /** Gives the training images of the set for the plan's data; the task disposes them. */
  readonly open: (data: DatasetPair) => Promise<SetToEvaluate>;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** A set of training images, on the plan's device; owns its tensors. */
export interface SetToEvaluate extends Disposable {
  /** [n, c, h, w] in [0, 1]. */
  readonly images: Tensor;
  /** Classes [n], int64. */
  readonly labels: Tensor;
  /** Soft labels [n, classes], where it has some. */
  readonly probabilities?: Tensor;
  /** Images that the set stores for a class, on average: as many random real ones are compared with. */
  readonly imagesPerClass: number;
}

/** What an evaluation of a set that no run here has made found; accuracies in percent. */
export interface SetEvaluation {
  readonly dataset: string;
  /** Training images, all classes together. */
  readonly images: number;
  readonly accuracy: { readonly random: SetFigures; readonly set: SetFigures };
  readonly wholeData?: WholeData;
  readonly protocol: EvaluationProtocol;
}

/** Evaluates any set of training images beside as many random real images. */
export function evaluateSet(
  request: EvaluateSetRequest,
  { wholeData = false }: { readonly wholeData?: boolean } = {},
): Promise<SetEvaluation> {
  return onSet(request, async (asked, set, context) => {
    if (wholeData) await measureWholeData(context);
    const steps = stepsFor(asked, set);
    const random = await measureRandom(asked, { steps });
    const own = await measure(asked, { name: 'set', sets: [set], steps });
    const bound = wholeDataIfReady(context);
    return {
      dataset: context.data.train.name,
      images: set.images.size(0),
      accuracy: { random: setFigures(random), set: setFigures(own) },
      ...(bound && { wholeData: bound }),
      protocol: protocolOf(context),
    };
  });
}

/** Trains networks of several architectures on any set. */
export function evaluateSetArchitectures(
  request: EvaluateSetRequest,
  models: readonly ModelOptions[],
): Promise<{
  readonly protocol: EvaluationProtocol;
  readonly architectures: readonly ArchitectureResult[];
}> {
  return onSet(request, async (asked, set, context) => ({
    protocol: protocolOf(context),
    architectures: await crossArchitectures(asked, set, models),
  }));
}

/** The scores of DD-Ranking of any set. */
export function rankAnySet(request: EvaluateSetRequest): Promise<RankingResult> {
  return onSet(request, async (asked, set, context) =>
    rankSet(asked, set, await measureWholeData(context)),
  );
}

async function onSet<T>(
  request: EvaluateSetRequest,
  work: (asked: CompareRequest, set: DecodedSet, context: RunContext) => Promise<T>,
): Promise<T> {
  const prepared = await checkPlan(request.plan, { ...request, stages: ['evaluate'] });
  const context = await begin({ ...request, prepared }, ['evaluate']);
  const { plan, data, memory, random, onEvent, signal } = context;
  using set = await request.open(data);
  const { labels } = plan.evaluate;
  const needsTeacher = labels.mode !== 'hard' && set.probabilities === undefined;
  using teacher = needsTeacher ? await teacherOf(context, labels) : undefined;
  using workers = openEvaluationWorkers(context);
  const asked = {
    plan: { ...plan, distill: { imagesPerClass: set.imagesPerClass } },
    data,
    testAtOnce: memory.chunks.test,
    teacher,
    random,
    finished: request.finished,
    workers,
    onEvent,
    signal,
  };
  return await work(asked, set, context);
}

function protocolOf({ plan, data }: RunContext): EvaluationProtocol {
  return evaluationProtocol(resolveModel(plan.student, data.train.shape), plan.evaluate, {
    normalization: data.train.normalization,
  });
}
