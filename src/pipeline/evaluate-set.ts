import { type MemoryReport, memoryReport } from '../capacity/budget.js';
import type { Stage } from '../capacity/measure.js';
import { writeFileAtomic } from '../core/index.js';
import { type Comparison, compare, type RunComparison } from '../evaluate/compare.js';
import { type ArchitectureResult, crossArchitectures } from '../evaluate/cross-architecture.js';
import type { EvaluationProtocol } from '../evaluate/protocol.js';
import { type RankingResult, rankSet } from '../evaluate/rank.js';
import { type SetFigures, setFigures, type WholeData } from '../evaluate/results.js';
import type { ModelOptions } from '../models/index.js';
import type { RunDirectory } from '../run/index.js';
import {
  type ForeignSource,
  openForEvaluation,
  openStored,
  type SetEvaluation,
  type SetRequest,
  type SetSource,
} from './open-set.js';
import {
  begin,
  beginOnRun,
  isFirst,
  type PhaseSeconds,
  type PipelineRequest,
  type RunContext,
  startFolder,
  timed,
} from './run-context.js';
import { drawAccuracies } from './run-pictures.js';
import { measureWholeData, wholeDataIfReady } from './whole-data.js';

/** The accuracies, in percent, of networks trained on some sets, by the sets' names. */
export interface Accuracies<Name extends string> {
  readonly dataset: string;
  readonly accuracy: { readonly [name in Name]: SetFigures };
  /** The accuracy of networks trained on all real training images; absent as long as none have been. */
  readonly wholeData?: WholeData;
  readonly protocol: EvaluationProtocol;
}

/** What an evaluation of a set that no run here has made found. */
export interface SetResults extends Accuracies<'random' | 'set'> {
  /** Training images, all classes together. */
  readonly images: number;
}

/** What an evaluation of a run's set found. */
export interface PipelineResult extends Accuracies<keyof RunComparison> {
  readonly method: string;
  readonly imagesPerClass: number;
  /** Accuracies on the test images, or on the held-out ones when the plan holds some out. */
  readonly evaluatedOn: 'test' | 'validation';
  readonly seconds: PhaseSeconds;
  readonly memory: MemoryReport;
  readonly directory: string;
}

export interface EvaluateSetOptions {
  /** Whether networks are to be trained on all real images too, unless earlier runs have. */
  readonly wholeData?: boolean;
}

/**
 * Evaluates a set beside as many random real images; one that a run has distilled beside its start too. Of a run,
 * `results.json` is replaced.
 *
 * @throws UsageError when a run's data isn't what it was distilled from.
 */
export async function evaluateSet(
  request: PipelineRequest,
  options?: EvaluateSetOptions,
): Promise<PipelineResult>;
export async function evaluateSet(
  request: SetRequest<ForeignSource>,
  options?: EvaluateSetOptions,
): Promise<SetResults>;
export async function evaluateSet(
  request: SetRequest,
  options?: EvaluateSetOptions,
): Promise<PipelineResult | SetResults>;
export async function evaluateSet(
  request: SetRequest,
  { wholeData = false }: EvaluateSetOptions = {},
): Promise<PipelineResult | SetResults> {
  const context = await beginOn(request, wholeData ? ['pretrain', 'evaluate'] : ['evaluate']);
  if (wholeData) await measureWholeData(context);
  if ('directory' in request) return await evaluateStored(request.directory, context);
  using opened = await openForEvaluation(request, context);
  const { set } = opened;
  const comparison = await compare(opened.request, { set });
  const { dataset, ...found } = accuracies(context, opened, comparison);
  return { dataset, images: set.images.size(0), ...found };
}

/** Evaluates the set in a run's folder, stores and draws what comes out, and says where it is no better than a control. */
export async function evaluateStored(
  directory: RunDirectory,
  context: RunContext,
  earlier: PhaseSeconds = {},
): Promise<PipelineResult> {
  const { plan, memory, onEvent } = context;
  const { value, seconds } = await timed('evaluate', onEvent, async () => {
    const run = { directory: context.shared ?? directory };
    using opened = await openForEvaluation(run, context);
    using start = openStored(run, context, startFolder);
    const comparison = await compare(opened.request, { start, distilled: opened.set });
    return { comparison, found: accuracies(context, opened, comparison) };
  });
  const { dataset, ...found } = value.found;
  const result: PipelineResult = {
    dataset,
    method: plan.distill.method,
    imagesPerClass: plan.distill.imagesPerClass,
    evaluatedOn: plan.dataset.validation > 0 ? 'validation' : 'test',
    ...found,
    seconds: { ...earlier, evaluate: seconds },
    memory: memoryReport(plan, memory, onEvent),
    directory: directory.path,
  };
  if (isFirst(context)) {
    await report(directory, context, value.comparison, result);
  }
  return result;
}

function accuracies<Name extends string>(
  context: RunContext,
  { protocol }: SetEvaluation,
  comparison: Comparison<Name>,
): Accuracies<Name> {
  const wholeData = wholeDataIfReady(context);
  const figures = Object.entries<Comparison<Name>[Name]>(comparison).map(
    ([name, result]) => [name, setFigures(result)] as const,
  );
  return {
    dataset: context.data.train.name,
    accuracy: Object.fromEntries(figures) as Accuracies<Name>['accuracy'],
    ...(wholeData && { wholeData }),
    protocol,
  };
}

/** Where the figures of every single network are kept: per class, confusion matrix, learning curve. */
const detailsFile = 'evaluation.json';

async function report(
  directory: RunDirectory,
  { plan, onEvent }: RunContext,
  comparison: RunComparison,
  result: PipelineResult,
): Promise<void> {
  const { method, protocol } = result;
  await drawAccuracies(directory.pathOf('accuracy.svg'), comparison, method);
  const sets = Object.fromEntries(
    Object.entries(comparison).map(([set, { seeds }]) => [set, seeds]),
  );
  const details = { formatVersion: 1, method, protocol: protocol.hash, sets };
  writeFileAtomic(directory.pathOf(detailsFile), `${JSON.stringify(details)}\n`);
  directory.writeResults(result);
  const { random, start, distilled } = result.accuracy;
  const remedy =
    plan.distill.iterations > 1
      ? 'more iterations, another learning rate, or formation factor 1'
      : 'more images per class, or another method';
  const controls = { 'random real images': random, 'its unoptimised start': start };
  for (const [name, control] of Object.entries(controls)) {
    if (distilled.mean > control.mean) continue;
    onEvent({
      type: 'warning',
      message: `the distilled set is no better than ${name} (${distilled.mean.toFixed(2)} against ${control.mean.toFixed(2)} %); try ${remedy}`,
    });
  }
}

/** How a set serves other architectures than the one it was distilled with. */
export interface CrossArchitecture {
  readonly protocol: EvaluationProtocol;
  readonly architectures: readonly ArchitectureResult[];
}

/** Trains networks of several architectures on a set; of a run, `cross-architecture.json` is replaced. */
export async function evaluateArchitectures(
  request: SetRequest,
  models: readonly ModelOptions[],
): Promise<CrossArchitecture> {
  const context = await beginOn(request, ['evaluate']);
  using opened = await openForEvaluation(request, context);
  const { protocol, set } = opened;
  const result = {
    protocol,
    architectures: await crossArchitectures(opened.request, set, models),
  };
  writeJson(request, 'cross-architecture.json', result);
  return result;
}

/** A set's scores of DD-Ranking; of a run, `ranking.json` is replaced. */
export async function rank(request: SetRequest): Promise<RankingResult> {
  const context = await beginOn(request, ['pretrain', 'evaluate']);
  const wholeData = await measureWholeData(context);
  using opened = await openForEvaluation(request, context);
  const result = await rankSet(opened.request, opened.set, wholeData);
  writeJson(request, 'ranking.json', { protocol: opened.protocol, ...result });
  return result;
}

function beginOn(request: SetRequest, stages: readonly Stage[]): Promise<RunContext> {
  return 'directory' in request ? beginOnRun(request, stages) : begin(request, stages);
}

function writeJson(source: SetSource, file: string, value: unknown): void {
  if (!('directory' in source)) return;
  writeFileAtomic(source.directory.pathOf(file), `${JSON.stringify(value, null, 2)}\n`);
}
