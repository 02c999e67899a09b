import type { DatasetPair } from '../../data/index.js';
import { decodedPerClass, labelsByClass, realImages } from '../../distill/index.js';
import { type RandomGenerator, scope, type Tensor } from '../../tensor/index.js';
import { type EvaluateOptions, trainingSteps } from '../evaluation/evaluate.js';
import type { Plan } from '../plan.js';
import { pretrainSteps } from '../pretrain.js';
import type { OpenedSet } from './distilled-set.js';
import type { TrainingField } from './field.js';
import type { ProxyName } from './options.js';

/** A set that candidates are trained on, with what it takes to keep. */
export interface SearchProxy extends TrainingField {
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
  readonly distilled: OpenedSet | undefined;
}

/** How candidates are trained: by the evaluation's settings, with hard labels, and without tests on the way. */
export function trainingOptions({ plan }: Pick<ProxyRequest, 'plan'>): EvaluateOptions {
  return { ...plan.evaluate, labels: { mode: 'hard' }, curve: { points: 0, validationImages: 0 } };
}

/** Real images are trained on as networks usually are: unmixed. */
function realOptions(request: Pick<ProxyRequest, 'plan'>): EvaluateOptions {
  return { ...trainingOptions(request), cutMix: 0 };
}

/** Opens the proxies that a plan asks for, all to be trained for the same number of steps. */
export function openProxies(request: ProxyRequest): Proxies {
  const { plan, data, random, distilled } = request;
  const { search, evaluate, distill } = plan;
  const { train, test } = data;
  const classes = train.classNames.length;
  const perClass = distilled?.imagesPerClass ?? distill.imagesPerClass;
  const decoded =
    distilled?.images.size(0) ??
    classes * decodedPerClass(distill.formation, distill.imagesPerClass);
  const steps = trainingSteps({ length: search.length, batchSize: evaluate.batchSize }, decoded);
  const owned: Tensor[] = [];
  const own = (tensor: Tensor): Tensor => {
    owned.push(tensor);
    return tensor;
  };
  const common = { test, steps, seeds: search.seeds, options: trainingOptions(request) };
  const pixelBytes = train.read([0]).byteLength;
  const open: Record<ProxyName, () => SearchProxy> = {
    ncfm: () => {
      const { images, bytes, seconds } = distilled!;
      const labels = own(labelsByClass(classes, images.size(0) / classes, random.device));
      const stored = perClass * classes;
      const made = seconds === undefined ? {} : { preparation: seconds };
      return {
        ...common,
        set: 'ncfm',
        data: () => ({ images, labels }),
        images: stored,
        bytes,
        ...made,
      };
    },
    random: () => {
      const labels = own(labelsByClass(classes, perClass, random.device));
      const draws = Array.from({ length: search.seeds }, (_, index) =>
        own(scope(() => realImages(train, perClass, random.derive(`random-${index + 1}`)))),
      );
      const images = perClass * classes;
      const drawn = (seed: number) => ({ images: draws[seed - 1]!, labels });
      return { ...common, set: 'random', data: drawn, images, bytes: images * pixelBytes };
    },
    'early-stop': () => {
      const images = train.labels.length;
      const real = { options: realOptions(request), data: () => train };
      return { ...common, ...real, set: 'early-stop', images, bytes: images * pixelBytes };
    },
  };
  const dispose = (): void => {
    for (const tensor of owned) tensor.dispose();
  };
  try {
    return { proxies: search.proxies.map((name) => open[name]()), [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** All real images, for as long as a network is to be trained in earnest, tested on the test images. */
export function wholeDataField(request: ProxyRequest, test: DatasetPair['test']): TrainingField {
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
