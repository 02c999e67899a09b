import type { DatasetPair } from '../../data/index.js';
import { decodedPerClass, labelsByClass, realImages } from '../../distill/index.js';
import { trainingSteps } from '../../evaluate/evaluate.js';
import type { EvaluateOptions } from '../../evaluate/request.js';
import type { Plan } from '../../plan/plan.js';
import type { ProxyName } from '../../plan/search-options.js';
import { type RandomGenerator, scope, type Tensor } from '../../tensor/index.js';
import { pretrainSteps } from '../../train/pretrain.js';
import type { DistilledProxy } from './distilled-set.js';
import type { TrainingTask } from './train-candidates.js';

/** A set that candidates are trained on, with what it takes to keep. */
export interface SearchProxy extends TrainingTask {
  readonly set: ProxyName;
  readonly images: number;
  /** Of the set as it is stored. */
  readonly bytes: number;
  /** Seconds that its making took, where that is known. */
  readonly preparation?: number;
}

/** The proxies of a search; owns their images. */
export interface Proxies extends Disposable {
  readonly proxies: readonly SearchProxy[];
}

export interface ProxyRequest {
  readonly plan: Plan;
  /** The images to train on, and those held out. */
  readonly data: DatasetPair;
  readonly random: RandomGenerator;
  /** The distilled set, unless no proxy is one; it stays the caller's. */
  readonly distilled: DistilledProxy | undefined;
}

/** How candidates are trained: by the evaluation's settings, with hard labels, and without tests on the way. */
function trainingOptions({ plan }: Pick<ProxyRequest, 'plan'>): EvaluateOptions {
  return { ...plan.evaluate, labels: { mode: 'hard' }, curve: { points: 0, trainingImages: 0 } };
}

/** Real images are trained on as networks usually are: unmixed. */
function realOptions(request: Pick<ProxyRequest, 'plan'>): EvaluateOptions {
  return { ...trainingOptions(request), cutMix: 0 };
}

/** Opens the proxies that a plan asks for, all to be trained for the same number of steps. */
export function openProxies(request: ProxyRequest): Proxies {
  const owned: Tensor[] = [];
  const own: Own = (tensor) => {
    owned.push(tensor);
    return tensor;
  };
  const dispose = (): void => {
    for (const tensor of owned) tensor.dispose();
  };
  try {
    const proxies = request.plan.search.proxies.map((name) => openers[name](request, own));
    return { proxies, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Takes a tensor into the proxies' keeping. */
type Own = (tensor: Tensor) => Tensor;

const openers: Record<ProxyName, (request: ProxyRequest, own: Own) => SearchProxy> = {
  distilled: openDistilled,
  random: openRandom,
  'early-stop': openEarlyStop,
};

function openDistilled(request: ProxyRequest, own: Own): SearchProxy {
  const { data, random, distilled } = request;
  if (distilled === undefined) throw new TypeError('the proxy distilled needs a distilled set');
  const { images, imagesPerClass, bytes, seconds } = distilled;
  const classes = data.train.classNames.length;
  const labels = own(labelsByClass(classes, images.size(0) / classes, random.device));
  return {
    ...common(request),
    set: 'distilled',
    data: () => ({ images, labels }),
    images: imagesPerClass * classes,
    bytes,
    ...(seconds !== undefined && { preparation: seconds }),
  };
}

function openRandom(request: ProxyRequest, own: Own): SearchProxy {
  const { plan, data, random } = request;
  const { train } = data;
  const perClass = imagesPerClass(request);
  const classes = train.classNames.length;
  const labels = own(labelsByClass(classes, perClass, random.device));
  const draws = Array.from({ length: plan.search.seeds }, (_, index) =>
    own(scope(() => realImages(train, perClass, random.derive(`random-${index + 1}`)))),
  );
  return {
    ...common(request),
    set: 'random',
    data: (seed) => ({ images: draws[seed - 1]!, labels }),
    images: perClass * classes,
    bytes: perClass * classes * imageBytes(request),
  };
}

function openEarlyStop(request: ProxyRequest): SearchProxy {
  const { train } = request.data;
  return {
    ...common(request),
    set: 'early-stop',
    data: () => train,
    options: realOptions(request),
    images: train.labels.length,
    bytes: train.labels.length * imageBytes(request),
  };
}

function common(request: ProxyRequest): Pick<TrainingTask, 'test' | 'steps' | 'seeds' | 'options'> {
  const { plan, data, distilled } = request;
  const { search, evaluate, distill } = plan;
  const perClass = decodedPerClass(distill.formation, distill.imagesPerClass);
  const decoded = distilled?.images.size(0) ?? data.train.classNames.length * perClass;
  return {
    test: data.test,
    steps: trainingSteps({ length: search.length, batchSize: evaluate.batchSize }, decoded),
    seeds: search.seeds,
    options: trainingOptions(request),
  };
}

function imagesPerClass({ plan, distilled }: ProxyRequest): number {
  return distilled?.imagesPerClass ?? plan.distill.imagesPerClass;
}

/** Bytes of a real image as it is stored. */
function imageBytes({ data }: ProxyRequest): number {
  return data.train.read([0]).byteLength;
}

/** All real images, for as long as a network is to be trained in earnest, tested on the test images. */
export function wholeDataTask(request: ProxyRequest, test: DatasetPair['test']): TrainingTask {
  const { plan, data } = request;
  const { batchSize } = plan.evaluate;
  const length = plan.search.reference;
  const options = { ...plan.pretrain, length, batchSize };
  return {
    set: 'whole data',
    data: () => data.train,
    test,
    steps: pretrainSteps({ train: data.train, options }),
    options: realOptions(request),
    seeds: 1,
  };
}
