import { type Dataset, type DatasetPair, subset } from '../data/index.js';
import { labelsByClass, realImages } from '../distill/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import type { ModelOptions } from '../models/index.js';
import { scope, type Tensor } from '../tensor/index.js';
import { evaluate, evaluateTogether, trainingSteps } from './evaluate.js';
import type { EvaluateOptions, EvaluateRequest } from './request.js';
import type { SetResult } from './results.js';

/** Test accuracy of networks trained on each of several sets, by the sets' names. */
export type Comparison<Name extends string> = { readonly [name in Name]: SetResult };

/** Of a run: as many random real images, the unoptimised start, and the distilled set. */
export type RunComparison = Comparison<'random' | 'start' | 'distilled'>;

/** A set of training images, decoded. */
export interface DecodedSet {
  /** [classes · perClass, c, h, w] in [0, 1], class by class; or [n, c, h, w] in any order, with labels. */
  readonly images: Tensor;
  /** Classes [n], int64; equally many images of each class, one after another, when left out. */
  readonly labels?: Tensor;
  /** Their soft labels [classes · perClass, classes], where they have some. */
  readonly probabilities?: Tensor | undefined;
}

export interface CompareRequest
  extends Pick<
    EvaluateRequest,
    'testAtOnce' | 'teacher' | 'random' | 'finished' | 'workers' | 'onEvent' | 'signal'
  > {
  readonly plan: {
    readonly student: ModelOptions;
    readonly evaluate: EvaluateOptions;
    readonly distill: { readonly imagesPerClass: number };
  };
  readonly data: DatasetPair;
  /** Processes that train the networks of a comparison, each some of them. */
  readonly group?: ProcessGroup | undefined;
}

/**
 * Evaluates sets of equal size beside as many random real images. All are trained by the same protocol: the same
 * networks, the same number of steps on full batches, the same augmentation, labels of the same kind. Each seed of the
 * random control draws its own images, because one draw can be lucky. The sets stay the caller's.
 */
export async function compare<Name extends string>(
  request: CompareRequest,
  sets: { readonly [name in Name]: DecodedSet },
): Promise<Comparison<Name | 'random'>> {
  const named = Object.entries<DecodedSet>(sets);
  const steps = stepsFor(request, named[0]![1]);
  if (request.group !== undefined)
    return await compareTogether(request, request.group, sets, steps);
  const results: Record<string, SetResult> = { random: await measureRandom(request, { steps }) };
  for (const [name, set] of named) {
    results[name] = await measure(request, { name, sets: [set], steps });
  }
  return results as Comparison<Name | 'random'>;
}

/** The same by all processes of a group: what each of them is to train is chosen among the networks of all sets. */
async function compareTogether<Name extends string>(
  request: CompareRequest,
  group: ProcessGroup,
  sets: { readonly [name in Name]: DecodedSet },
  steps: number,
): Promise<Comparison<Name | 'random'>> {
  using random = randomSets(request);
  const own = Object.entries<DecodedSet>(sets).map(([name, set]) => ({ name, sets: [set], steps }));
  const evaluations = [{ name: 'random', sets: random.sets, steps }, ...own].map((measured) =>
    evaluationOf(request, measured),
  );
  try {
    const requests = evaluations.map((evaluation) => evaluation.request);
    const results = await evaluateTogether(requests, group);
    const named = evaluations.map(({ request: { set } }, index) => [set, results[index]!]);
    return Object.fromEntries(named) as Comparison<Name | 'random'>;
  } finally {
    for (const evaluation of evaluations) evaluation[Symbol.dispose]();
  }
}

/** Steps of every training that is compared with one on `set`. */
export function stepsFor({ plan }: CompareRequest, { images }: DecodedSet): number {
  return trainingSteps(plan.evaluate, images.size(0));
}

export interface Measured {
  readonly steps: number;
  /** The architecture trained; the plan's student when left out. */
  readonly model?: ModelOptions;
}

/** Evaluates random real images, as many as the plan distils, drawn anew for each seed. */
export async function measureRandom(
  request: CompareRequest,
  measured: Measured & { readonly name?: string },
): Promise<SetResult> {
  using random = randomSets(request);
  return await measure(request, { name: 'random', ...measured, sets: random.sets });
}

/** The random real images of every seed. */
function randomSets({ plan, data, random }: CompareRequest): Disposable & {
  readonly sets: readonly DecodedSet[];
} {
  const sets: DecodedSet[] = [];
  const dispose = (): void => {
    for (const { images } of sets) images.dispose();
  };
  try {
    for (let seed = 1; seed <= plan.evaluate.seeds; seed++) {
      const source = random.derive(`random-${seed}`);
      const images = scope(() => realImages(data.train, plan.distill.imagesPerClass, source));
      sets.push({ images });
    }
    return { sets, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

interface MeasuredSets extends Measured {
  readonly name: string;
  readonly sets: readonly DecodedSet[];
}

/** Evaluates one set; seed k trains on the k-th of `sets`, or on the only one. */
export async function measure(request: CompareRequest, measured: MeasuredSets): Promise<SetResult> {
  using evaluation = evaluationOf(request, measured);
  return await evaluate(evaluation.request);
}

/** What `evaluate` is to be asked, which needs what this owns. */
function evaluationOf(
  request: CompareRequest,
  { name, sets, steps, model }: MeasuredSets,
): Disposable & { readonly request: EvaluateRequest } {
  const { plan, data, testAtOnce, teacher, random, finished, workers, onEvent, signal } = request;
  const classes = data.train.classNames.length;
  const perClass = Math.floor(sets[0]!.images.size(0) / classes);
  const labels = labelsByClass(classes, perClass, random.device);
  const own: EvaluateRequest = {
    set: name,
    varies: sets.length > 1 ? ['images', 'training'] : ['training'],
    data: (seed) => {
      const { images, probabilities, labels: own = labels } = sets[seed - 1] ?? sets[0]!;
      return { images, labels: own, ...(probabilities && { probabilities }) };
    },
    normalization: data.train.normalization,
    test: data.test,
    trainingSample: trainingSample(request),
    model: model ?? plan.student,
    steps,
    testAtOnce,
    options: plan.evaluate,
    teacher,
    random: random.derive('evaluate'),
    finished,
    workers,
    onEvent,
    signal,
  };
  return { request: own, [Symbol.dispose]: () => labels.dispose() };
}

/** Random training images, the same for every set and seed, on which the learning curve is measured. */
function trainingSample({ plan, data: { train }, random }: CompareRequest): Dataset | undefined {
  const { points, trainingImages } = plan.evaluate.curve;
  if (points === 0 || trainingImages === 0) return undefined;
  const order = random.derive('training-sample').permutation(train.labels.length);
  return subset(train, order.slice(0, trainingImages), 'training sample');
}
