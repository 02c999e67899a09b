import { type Dataset, RandomGenerator } from 'ncfm';
import { applyTraining, drawTraining, dsaSiamese, dsaTraining, normalize } from 'ncfm/data';
import {
  type DistillOptions,
  type ExtractorPool,
  type InnerStep,
  initializeSynthetic,
  labelsByClass,
  methodOf,
  ShuffledStream,
} from 'ncfm/methods';
import type { ImageModel } from 'ncfm/models';
import { createOptimizer, recentPeak, resetPeak, scope, tensor } from 'ncfm/tensor';
import type { MethodJob, MethodTimes } from '../jobs.js';
import type { Problem } from '../settings.js';
import { timed } from '../timing.js';
import { condenseOptions, newModel, openDataset, openPool } from '../workload.js';
import type { Work } from './cases.js';
import { officialGradients } from './official.js';

/** Times iterations of a method. */
export async function playMethod(job: MethodJob): Promise<MethodTimes> {
  const { problem, prepared, iterations, limitSeconds } = job;
  const dataset = openDataset(problem, prepared);
  using pool = openPool(prepared);
  const step = await stepOf(job, dataset, pool);
  globalThis.gc?.();
  resetPeak();
  const fixedBytes = recentPeak();
  const seconds: number[] = [];
  for (let total = 0; seconds.length < iterations; total += seconds.at(-1)!) {
    if (total + (seconds.at(-1) ?? 0) > limitSeconds) break;
    seconds.push(timed(step).seconds);
  }
  const parameters = pool.trajectories!.row(0, 0).length;
  return { seconds, fixedBytes, peakBytes: recentPeak(), parameters };
}

/** A function that plays one iteration; what it needs lives as long as the process. */
async function stepOf(
  { problem, work, form }: MethodJob,
  dataset: Dataset,
  pool: ExtractorPool,
): Promise<() => void> {
  const random = new RandomGenerator(0);
  if (form === 'official' && work.method !== 'ncfm')
    return officialStep(problem, work, dataset, pool);
  const model = () => newModel(problem, new RandomGenerator(0));
  const distiller = await methodOf(work.method).start({
    dataset,
    pool,
    options: optionsOf(problem, work),
    buildModel: form === 'libtorch' ? () => byLibTorch(model()) : model,
    random,
  });
  return () => {
    distiller.step();
  };
}

function optionsOf(problem: Problem, work: Work): DistillOptions {
  const { imagesPerClass, factor } = problem;
  const formation = { mode: 'single', factor } as const;
  const iterations = 1_000_000;
  if (work.method === 'ncfm') {
    const initialization = { kind: 'mix', filter: 'nearest' } as const;
    const own = condenseOptions(problem, { psi: work.psi, amortise: 1 });
    return { method: 'ncfm', imagesPerClass, formation, initialization, ...own };
  }
  const { method, innerSteps, images } = work;
  return {
    ...(methodOf(method).defaults as unknown as DistillOptions),
    ...{ imagesPerClass, iterations, innerSteps, batchSize: images, augmentation: dsaSiamese },
    ...{ maxStartEpoch: 1, expertEpochs: 1 },
  };
}

/** A network whose every operator is LibTorch's own. */
function byLibTorch(model: ImageModel): ImageModel {
  const features = model.features.bind(model);
  model.features = (images) => features(images, { kind: 'twice-differentiable' });
  model.moveLogits = () => undefined;
  return model;
}

/** An iteration of MTT or TESLA with the official implementation's graphs. */
function officialStep(
  problem: Problem,
  { method, innerSteps, images: size }: Exclude<Work, { method: 'ncfm' }>,
  dataset: Dataset,
  pool: ExtractorPool,
): () => void {
  const random = new RandomGenerator(0);
  const { imagesPerClass, classes } = problem;
  const { images } = initializeSynthetic(dataset, {
    imagesPerClass,
    formation: { mode: 'single', factor: 1 },
    initialization: { kind: 'random' },
    random,
  });
  const labels = labelsByClass(classes, imagesPerClass, 'cpu');
  const optimizer = createOptimizer([images], { kind: 'sgd', learningRate: 1000, momentum: 0.5 });
  const model = newModel(problem, random);
  const { trajectories } = pool;
  return () =>
    scope(() => {
      const stream = new ShuffledStream(labels.length, random);
      const steps = Array.from({ length: innerSteps }, (): InnerStep => {
        const index = tensor(stream.next(size));
        const draw = drawTraining(dsaTraining, { images: size, ...dataset.shape, random });
        const see: InnerStep['see'] = (all) =>
          applyTraining(normalize(all.indexSelect(0, index), dataset.normalization), draw);
        return { see, labels: labels.indexSelect(0, index) };
      });
      const gradients = officialGradients({
        ...{ model, images, steps, stepSize: 0.01, imagesAtOnce: size },
        start: trajectories!.row(0, 0),
        target: trajectories!.row(0, 1),
        adjoint: method === 'mtt' ? 'exact' : 'frozen',
      });
      optimizer.step([gradients.images]);
    });
}
