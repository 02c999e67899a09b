import { type MemoryReport, memoryReport } from '../capacity/budget.js';
import { FinishedWork, writeFileAtomic } from '../core/index.js';
import { decodeStored } from '../distill/product.js';
import { type CompareRequest, type Comparison, compare } from '../evaluate/compare.js';
import { type ArchitectureResult, crossArchitectures } from '../evaluate/cross-architecture.js';
import type { Teacher } from '../evaluate/index.js';
import { type EvaluationProtocol, evaluationProtocol } from '../evaluate/protocol.js';
import { type RankingResult, rankSet } from '../evaluate/rank.js';
import type { WholeData } from '../evaluate/results.js';
import { type SetFigures, setFigures } from '../evaluate/results.js';
import { type ModelOptions, resolveModel } from '../models/index.js';
import type { RunDirectory } from '../run/index.js';
import type { Tensor } from '../tensor/index.js';
import { openEvaluationWorkers } from './evaluation-workers.js';
import { storedLabels, teacherOf } from './label-run.js';
import {
  begin,
  networksFolder,
  type PhaseSeconds,
  type PipelineRequest,
  productFolder,
  type RunContext,
  scratchFolder,
  startFolder,
  timed,
} from './run-context.js';
import { drawAccuracies } from './run-pictures.js';
import { measureWholeData, wholeDataIfReady } from './whole-data.js';

/** What an evaluation found; accuracies in percent. */
export interface PipelineResult {
  readonly dataset: string;
  readonly imagesPerClass: number;
  /** Accuracies on the test images, or on the held-out ones when the plan holds some out. */
  readonly evaluatedOn: 'test' | 'validation';
  readonly accuracy: { readonly [set in keyof Comparison]: SetFigures };
  /** The accuracy of networks trained on all real training images; absent as long as none have been. */
  readonly wholeData?: WholeData;
  readonly protocol: EvaluationProtocol;
  readonly seconds: PhaseSeconds;
  readonly memory: MemoryReport;
  /** The run directory. */
  readonly directory: string;
}

/**
 * Evaluates the distilled set of a finished run again, beside its controls; `results.json` is replaced.
 *
 * @param wholeData whether networks are to be trained on all real images too, unless earlier runs have
 */
export async function evaluateRun(
  request: PipelineRequest,
  { wholeData = false }: { readonly wholeData?: boolean } = {},
): Promise<PipelineResult> {
  const { directory, onEvent } = request;
  const context = await begin(request, wholeData ? ['pretrain', 'evaluate'] : ['evaluate']);
  if (wholeData) await measureWholeData(context);
  const { value, seconds } = await timed('evaluate', onEvent, () =>
    compareStored(directory, context),
  );
  const result = resultOf(context, directory, value, { evaluate: seconds });
  report(directory, context, value, result);
  return result;
}

/** Evaluates the set in a run directory beside its start and random real images. */
export async function compareStored(
  directory: RunDirectory,
  context: RunContext,
): Promise<Comparison> {
  using sets = await openStored(directory, context);
  return await compare(sets.request, sets);
}

/** The stored sets of a run, decoded, and what is needed to evaluate them. */
export interface StoredSets extends Disposable {
  readonly distilled: { readonly images: Tensor; readonly probabilities?: Tensor | undefined };
  readonly start: { readonly images: Tensor };
  readonly request: CompareRequest;
}

/** Reads what an evaluation of a run compares, and opens the teacher where soft labels are asked for. */
export async function openStored(
  directory: RunDirectory,
  context: RunContext,
): Promise<StoredSets> {
  const { plan, data, random, onEvent, signal } = context;
  const { imagesPerClass } = plan.distill;
  const expected = { train: data.train, imagesPerClass, device: random.device };
  const folder = directory.pathOf(productFolder);
  const owned: Disposable[] = [];
  const own = <T extends Disposable | undefined>(value: T): T => {
    if (value !== undefined) owned.push(value);
    return value;
  };
  const dispose = (): void => {
    for (const value of owned) value[Symbol.dispose]();
  };
  try {
    const start = own(decodeStored(directory.pathOf(startFolder), expected));
    const images = own(decodeStored(folder, expected));
    const { labels } = plan.evaluate;
    const teacher = labels.mode === 'hard' ? undefined : own(await teacherOf(context, labels));
    const probabilities = own(ownLabels(folder, images, context, teacher));
    const testAtOnce = context.memory.chunks.test;
    const finished = new FinishedWork(directory.pathOf(networksFolder));
    const workers = own(openEvaluationWorkers(context, directory.pathOf(scratchFolder)));
    return {
      distilled: { images, probabilities },
      start: { images: start },
      request: { plan, data, testAtOnce, teacher, random, finished, workers, onEvent, signal },
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Static labels that were stored with the set; otherwise its networks are taught when they are trained. */
function ownLabels(
  folder: string,
  images: Tensor,
  { plan, data }: RunContext,
  teacher: Teacher | undefined,
): Tensor | undefined {
  const { labels } = plan.evaluate;
  if (labels.mode !== 'static' || teacher === undefined) return undefined;
  return storedLabels(folder, images, data.train.classNames.length, teacher, labels);
}

/** Puts together what is stored as the run's results. */
export function resultOf(
  context: RunContext,
  directory: RunDirectory,
  { random, start, ncfm }: Comparison,
  seconds: PhaseSeconds,
): PipelineResult {
  const { plan, data, memory, onEvent } = context;
  const wholeData = wholeDataIfReady(context);
  return {
    dataset: data.train.name,
    imagesPerClass: plan.distill.imagesPerClass,
    evaluatedOn: plan.dataset.validation > 0 ? 'validation' : 'test',
    accuracy: {
      random: setFigures(random),
      start: setFigures(start),
      ncfm: setFigures(ncfm),
    },
    ...(wholeData && { wholeData }),
    protocol: protocolOf(context, plan.student),
    seconds,
    memory: memoryReport(plan, memory, onEvent),
    directory: directory.path,
  };
}

/** The protocol by which a context's networks of one architecture are trained. */
function protocolOf({ plan, data }: RunContext, student: ModelOptions): EvaluationProtocol {
  return evaluationProtocol(resolveModel(student, data.train.shape), plan.evaluate, {
    normalization: data.train.normalization,
    formation: plan.distill.formation,
  });
}

/** Where the figures of every single network are kept: per class, confusion matrix, learning curve. */
const detailsFile = 'evaluation.json';

/** Stores and draws the result, and says so when the distilled set is no better than a control. */
export function report(
  directory: RunDirectory,
  { onEvent }: Pick<RunContext, 'onEvent'>,
  comparison: Comparison,
  result: PipelineResult,
): void {
  drawAccuracies(directory.pathOf('accuracy.svg'), comparison);
  const { hash } = result.protocol;
  const sets = Object.fromEntries(
    Object.entries(comparison).map(([set, { seeds }]) => [set, seeds]),
  );
  writeFileAtomic(
    directory.pathOf(detailsFile),
    `${JSON.stringify({ formatVersion: 1, protocol: hash, sets })}\n`,
  );
  directory.writeResults(result);
  const { random, start, ncfm } = result.accuracy;
  const controls = { 'random real images': random, 'its unoptimised start': start };
  for (const [name, control] of Object.entries(controls)) {
    if (ncfm.mean > control.mean) continue;
    onEvent({
      type: 'warning',
      message: `the distilled set is no better than ${name} (${ncfm.mean.toFixed(2)} against ${control.mean.toFixed(2)} %); try more iterations, another learning rate, or formation factor 1`,
    });
  }
}

/** How a run's set serves other architectures than the one it was distilled with. */
export interface CrossArchitecture {
  readonly protocol: EvaluationProtocol;
  readonly architectures: readonly ArchitectureResult[];
}

/** Trains networks of several architectures on a run's set; `cross-architecture.json` is replaced. */
export async function evaluateArchitectures(
  request: PipelineRequest,
  models: readonly ModelOptions[],
): Promise<CrossArchitecture> {
  const { directory, plan } = request;
  const context = await begin(request, ['evaluate']);
  using sets = await openStored(directory, context);
  const architectures = await crossArchitectures(sets.request, sets.distilled, models);
  const result = { protocol: protocolOf(context, plan.student), architectures };
  writeJson(directory, 'cross-architecture.json', result);
  return result;
}

/** A run's scores of DD-Ranking; `ranking.json` is replaced. */
export async function rankRun(request: PipelineRequest): Promise<RankingResult> {
  const { directory } = request;
  const context = await begin(request, ['pretrain', 'evaluate']);
  const wholeData = await measureWholeData(context);
  using sets = await openStored(directory, context);
  const result = await rankSet(sets.request, sets.distilled, wholeData);
  writeJson(directory, 'ranking.json', {
    protocol: protocolOf(context, context.plan.student),
    ...result,
  });
  return result;
}

function writeJson(directory: RunDirectory, file: string, value: unknown): void {
  writeFileAtomic(directory.pathOf(file), `${JSON.stringify(value, null, 2)}\n`);
}
