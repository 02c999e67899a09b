import { cpus } from 'node:os';
import { messageOf, packageVersion, writeFileAtomic } from '../core/index.js';
import type { DatasetPair } from '../data/index.js';
import { evaluationProtocol } from '../evaluate/protocol.js';
import { methodOf } from '../methods/registry.js';
import { resolveModel } from '../models/index.js';
import { planYaml } from '../plan/plan-yaml.js';
import { type RunDirectory, readManifest } from '../run/index.js';
import { engine } from '../tensor/index.js';
import type { CheckedMethod } from './check-methods.js';
import { drawMethods } from './draw-methods.js';
import { fitSeconds } from './fit-seconds.js';
import type { MethodComparison } from './method-comparison.js';
import { type MethodFigures, measureMethod } from './method-figures.js';
import type { PipelineRequest } from './run-context.js';
import { shareControl } from './share-control.js';

/** In a comparison's folder: what came out so far. */
export const comparisonFile = 'comparison.json';

export interface CompareMethodsRequest
  extends Pick<PipelineRequest, 'cache' | 'acceptChanges' | 'onEvent' | 'signal'> {
  /** The comparison's own folder; the runs lie below it. */
  readonly directory: RunDirectory;
  readonly data: DatasetPair;
  /** Of pretraining and distilling together: methods that have not begun get the iterations that fit into them here. */
  readonly secondsEach?: number | undefined;
  /** In the order in which they run. */
  readonly methods: readonly (CheckedMethod & { readonly directory: RunDirectory })[];
}

/**
 * Runs several methods on the same data, from the same seed, under the same evaluation, each in a directory of its own.
 * One that is done is not run again, one that was stopped goes on, and one that fails leaves a row that says why. Random
 * real images are evaluated once. `comparison.json` and `compare.svg` are replaced after every method.
 */
export async function compareMethods(request: CompareMethodsRequest): Promise<MethodComparison> {
  const { methods, onEvent, signal } = request;
  let comparison = emptyComparison(request);
  store(request.directory, comparison);
  let control: RunDirectory | undefined;
  for (const [index, method] of methods.entries()) {
    const { name, title } = methodOf(method.plan.distill.method);
    const { directory } = method;
    onEvent({ type: 'method-start', method: name, number: index + 1, methods: methods.length });
    const add = (found: MethodFigures | { readonly error: string }): void => {
      const row = { method: name, title, directory: directory.path, ...found };
      comparison = { ...comparison, rows: [...comparison.rows, row] };
    };
    try {
      if (control) shareControl(control, directory);
      const fitted = await inSeconds(method, request);
      const { figures, ...controls } = await measureMethod({
        ...request,
        directory,
        method: fitted,
      });
      comparison = { ...comparison, ...controls };
      control ??= directory;
      add(figures);
    } catch (error) {
      if (signal?.aborted) throw error;
      onEvent({ type: 'warning', message: `${name} has failed: ${messageOf(error)}` });
      add({ error: messageOf(error) });
    }
    store(request.directory, comparison);
  }
  return comparison;
}

/** Gives a method its iterations, where they are to be chosen and it has none yet. */
async function inSeconds(
  method: CompareMethodsRequest['methods'][number],
  { secondsEach: seconds, ...request }: CompareMethodsRequest,
): Promise<CheckedMethod> {
  const { directory } = method;
  if (seconds === undefined || readManifest(directory.path) !== undefined) return method;
  const fitted = await fitSeconds(method, { ...request, directory, seconds });
  directory.writeConfig(planYaml(fitted.plan));
  return fitted;
}

function emptyComparison({
  directory,
  data,
  secondsEach,
  methods,
}: CompareMethodsRequest): MethodComparison {
  const { plan } = methods[0]!;
  const { train } = data;
  return {
    formatVersion: 1,
    dataset: train.name,
    imagesPerClass: plan.distill.imagesPerClass,
    evaluatedOn: plan.dataset.validation > 0 ? 'validation' : 'test',
    repeats: plan.repeats,
    seed: plan.seed,
    ...(secondsEach !== undefined && { secondsEach }),
    protocol: evaluationProtocol(resolveModel(plan.student, train.shape), plan.evaluate, {
      normalization: train.normalization,
    }),
    versions: {
      ncfm: packageVersion(),
      node: process.versions.node,
      libtorch: engine().version,
    },
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: plan.threads,
    device: plan.device,
    methods: methods.map(({ plan: { distill } }) => distill.method),
    rows: [],
    directory: directory.path,
  };
}

function store(directory: RunDirectory, comparison: MethodComparison): void {
  const text = `${JSON.stringify(comparison, null, 2)}\n`;
  writeFileAtomic(directory.pathOf(comparisonFile), text);
  writeFileAtomic(directory.pathOf('compare.svg'), drawMethods(comparison));
}
