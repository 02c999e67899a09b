import { type DatasetPair, loadPlan, type Plan, type RandomGenerator, type Tensor } from 'ncfm';
import { evaluate, type Summary, trainingSteps } from 'ncfm/evaluate';
import {
  decode,
  distill,
  initializeSynthetic,
  labelsByClass,
  pretrain,
  realImages,
  recordingFor,
} from 'ncfm/methods';
import { buildModel } from 'ncfm/models';
import { begin, openTeacher } from 'ncfm/run';
import { noGrad, scope } from 'ncfm/tensor';
import type { Study, Variant } from './study.js';

/** What one variant with one distillation seed gave. */
export interface Outcome {
  readonly variant: string;
  readonly seed: number;
  readonly accuracy: Summary;
  /** Of distilling, clustering included; 0 for controls. */
  readonly distillSeconds: number;
}

export interface RunOptions {
  readonly cache: string;
  readonly threads: number;
  /** Instead of the data of the study's base: a name or a folder. */
  readonly data?: string;
}

/** Distils and evaluates one variant with one seed, on validation images when the study holds some out. */
export async function runVariant(
  study: Study,
  variant: Variant,
  seed: number,
  { cache, threads, data: source }: RunOptions,
): Promise<Outcome> {
  const { plan } = loadPlan({
    source: study.base,
    threads,
    ...(source && { data: source }),
    seed,
    overrides: [...study.set, ...variant.set],
  });
  const context = await begin({ plan, cache, onEvent: () => {} });
  const { data, random, onEvent } = context;
  const { images, seconds } = await imagesOf(variant, plan, data, random, cache);
  using decoded = images;
  using labels = labelsByClass(
    data.train.classNames.length,
    decoded.size(0) / data.train.classNames.length,
    plan.device,
  );
  const { labels: kind } = plan.evaluate;
  using teacher = kind.mode === 'hard' ? undefined : await openTeacher(context, kind.teacher);
  const { mean, std, n } = await evaluate({
    set: variant.name,
    data: () => ({ images: decoded, labels }),
    normalization: data.train.normalization,
    test: data.test,
    model: plan.student,
    steps: trainingSteps(plan.evaluate, decoded.size(0)),
    options: plan.evaluate,
    teacher,
    random: random.derive('evaluate'),
    onEvent,
  });
  const accuracy = { mean, std, n };
  return { variant: variant.name, seed, accuracy, distillSeconds: seconds };
}

/** The decoded images [classes · perClass, c, h, w] that a variant trains on; the caller's. */
async function imagesOf(
  { method }: Variant,
  plan: Plan,
  { train, test }: DatasetPair,
  random: RandomGenerator,
  cache: string,
): Promise<{ images: Tensor; seconds: number }> {
  const { imagesPerClass, formation } = plan.distill;
  if (method === 'random') {
    const images = scope(() => realImages(train, imagesPerClass, random.derive('random')));
    return { images, seconds: 0 };
  }
  if (method === 'start') {
    const { initialization } = plan.distill;
    const options = { imagesPerClass, formation, initialization, random: random.derive('start') };
    const start = initializeSynthetic(train, options);
    const images = scope(() =>
      noGrad(() => decode(start.images, start.classes, formation).clone()),
    );
    start.dispose();
    return { images, seconds: 0 };
  }
  using pool = await pretrain({
    train,
    test,
    model: plan.model,
    options: plan.pretrain,
    trajectories: recordingFor(plan.distill),
    cache,
    random: random.derive('pretrain'),
    onEvent: () => {},
  });
  const started = performance.now();
  const synthetic = await distill({
    train,
    pool,
    buildModel: () =>
      buildModel(plan.model, train.shape, train.classNames.length, random.derive('network')),
    options: plan.distill,
    random: random.derive('distill'),
    onEvent: () => {},
  });
  const seconds = (performance.now() - started) / 1000;
  const images = scope(() =>
    noGrad(() => decode(synthetic.images, synthetic.classes, formation).clone()),
  );
  synthetic.dispose();
  return { images, seconds };
}
