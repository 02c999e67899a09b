import { join } from 'node:path';
import { type ModelValue, resolveSettings, type Settings } from '../config/values.js';
import { Artifacts, makeFolder, TemporaryFolder, UsageError } from '../core/index.js';
import type { DatasetPair, OwnDataset } from '../data/index.js';
import type {
  ArchitectureResult,
  EvaluationProtocol,
  SetFigures,
  WholeData,
} from '../evaluate/index.js';
import type { DistilledImages } from '../exchange/index.js';
import type { ForeignSource, SetRequest } from '../pipeline/open-set.js';
import type { Plan } from '../plan/plan.js';
import { checkData, partsOf, type SharedSetting, sectioned, type TaskOptions } from './options.js';

/** The settings of an evaluation: of `evaluate` beside those of the whole configuration that it takes. */
export type EvaluateSettings = Exclude<NonNullable<Settings['evaluate']>, string> &
  Pick<Settings, SharedSetting | 'student' | 'wholeData'>;

/** Options of `evaluate` and `compare`; what is left out is as in `defaults.yaml`. */
export type EvaluateOptions = Omit<EvaluateSettings, 'model' | 'student'> &
  TaskOptions & {
    /** The network that is trained on the set. */
    readonly model?: ModelValue | undefined;
    /** Networks of several architectures, in place of `model`. */
    readonly models?: readonly ModelValue[] | undefined;
  };

/** What networks learn from a set, beside what they learn from as many random real images; accuracies in percent. */
export interface Evaluation {
  /** The data that they are tested on. */
  readonly dataset: string;
  /** Training images that the set decodes into. */
  readonly images: number;
  readonly set: SetFigures;
  readonly random: SetFigures;
  /** What networks learn from all real images, where that is in the cache. */
  readonly wholeData?: WholeData;
  /** Each architecture's; the first one's are `set` and `random`. */
  readonly models: readonly ArchitectureResult[];
  readonly protocol: EvaluationProtocol;
}

const ownOptions = ['extends', 'cache', 'onEvent', 'signal', 'model', 'models'];

/**
 * Trains fresh networks on a distilled set, ours or another project's, and on as many random real images, and tests them.
 * The set stays the caller's. Nothing is written unless `cache` is named.
 *
 * @param data the data to test on, as for `distill`; random images are drawn from its training images
 * @throws UsageError for options that are wrong, a set that does not fit the data, or data without test images
 */
export async function evaluate(
  set: DistilledImages,
  data: OwnDataset,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { evaluated } = await compare({ evaluated: set }, data, options);
  return evaluated;
}

/**
 * Evaluates several sets on the same data by the same protocol. Random real images are trained on once for each number
 * of images.
 *
 * @param sets by the names that they have in the result
 */
export async function compare<Name extends string>(
  sets: { readonly [name in Name]: DistilledImages },
  data: OwnDataset,
  options: EvaluateOptions = {},
): Promise<{ readonly [name in Name]: Evaluation }> {
  using temporary = new TemporaryFolder('evaluation');
  const cache = options.cache ?? temporary.path;
  makeFolder(cache);
  const finished = new Artifacts(join(temporary.path, 'networks'));
  const results: [string, Evaluation][] = [];
  for (const [name, set] of Object.entries<DistilledImages>(sets)) {
    results.push([name, await evaluateOne(set, data, { ...options, cache }, finished)]);
  }
  return Object.fromEntries(results) as { [name in Name]: Evaluation };
}

async function evaluateOne(
  set: DistilledImages,
  data: OwnDataset,
  options: EvaluateOptions & { readonly cache: string },
  finished: Artifacts,
): Promise<Evaluation> {
  const { evaluateArchitectures, evaluateSet } = await import('../pipeline/evaluate-set.js');
  const { checkPlan } = await import('../pipeline/prepare.js');
  const { setToEvaluate } = await import('../exchange/set-to-evaluate.js');
  const { cache, signal, onEvent = () => {} } = options;
  const [plan, ...others] = plansOf(set, options);
  const parts = await partsOf(data, plan!, { onEvent, signal });
  requireUnseen(set, data, parts);
  const prepared = await checkPlan(plan!, {
    stages: ['evaluate'],
    data: parts,
    cache,
    onEvent,
    signal,
  });
  const request: SetRequest<ForeignSource> = {
    plan: plan!,
    prepared,
    cache,
    finished,
    open: async ({ train }) => setToEvaluate(set, train, plan!.device),
    onEvent,
    signal,
  };
  const { accuracy, ...told } = await evaluateSet(request);
  const first: ArchitectureResult = { model: told.protocol.student, ...accuracy };
  const students = others.map(({ student }) => student);
  const { architectures } =
    students.length === 0 ? { architectures: [] } : await evaluateArchitectures(request, students);
  return { ...told, ...accuracy, models: [first, ...architectures] };
}

function plansOf(set: DistilledImages, options: EvaluateOptions): Plan[] {
  checkData(options.dataset);
  const { models, model, extends: base } = options;
  if (models !== undefined && (model !== undefined || models.length === 0)) {
    throw new UsageError('models: expected a list of at least one network, in place of model');
  }
  const settings = {
    ...sectioned('evaluate', options, ownOptions),
    // Of each class on average, as for any set.
    distill: { imagesPerClass: Math.max(1, Math.round(set.images.size(0) / classesOf(set))) },
  };
  return (models ?? [model]).map((student, index) => {
    const resolved = student === undefined ? settings : { ...settings, student };
    try {
      return resolveSettings(resolved, { name: 'evaluated', base });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const option = models === undefined ? 'model' : `models[${index}]`;
      throw new UsageError(error.message.replaceAll(/^student\b/gm, option), { cause: error });
    }
  });
}

function classesOf({ labels }: DistilledImages): number {
  return new Set(Array.from(labels.toArray(), Number)).size;
}

/** Test images that are held out here may have been distilled from there. */
function requireUnseen(
  { path, dataset }: DistilledImages,
  data: OwnDataset,
  { train }: DatasetPair,
): void {
  const isGiven = 'train' in data && data.test !== undefined;
  if (isGiven || dataset === undefined || dataset.hash === train.hash) return;
  throw new UsageError(
    `${path} was distilled from other images of ${dataset.name} than those left when test images are held out of ${train.name}, which it may hold; give the test images: { train, test }`,
  );
}
