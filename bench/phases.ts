import { RandomGenerator, type Tensor } from 'ncfm';
import { applySiamese, ClassSampler, drawSiamese, normalize } from 'ncfm/data';
import {
  drawRealBatch,
  type ExtractorPool,
  gaussianFrequencies,
  labelsByClass,
  type MatchingContext,
  matchedFeatures,
  matchingLoss,
  SamplingNetwork,
  usualChunks,
} from 'ncfm/methods';
import { createOptimizer, crossEntropy, grad, scope } from 'ncfm/tensor';
import type { IterationsJob, PhaseResult } from './jobs.js';
import { summarizeTimes } from './statistics.js';
import { timed } from './timing.js';
import { condenseOptions, newModel, openDataset, openPool, openSynthetic } from './workload.js';

/** Times the parts of our iteration one by one, by calling the product's functions in the condenser's order. */
export function timePhases(job: IterationsJob): PhaseResult[] {
  const play = openGame(job);
  const seconds = new Map<string, number[]>();
  for (let iteration = 0; iteration < job.warmUp + job.iterations; iteration++) {
    const phase = <T>(name: string, body: () => T): T => {
      const result = timed(body);
      const all = seconds.get(name) ?? [];
      if (iteration >= job.warmUp) seconds.set(name, [...all, result.seconds]);
      return result.value;
    };
    scope(() => play(phase));
  }
  return [...seconds].map(([name, values]) => ({ name, seconds: summarizeTimes(values).median }));
}

type Phase = <T>(name: string, body: () => T) => T;

/** Everything that an iteration needs, and a function that plays one and has each part timed. */
function openGame(job: IterationsJob): (phase: Phase) => void {
  const { problem, prepared, psi } = job;
  const { classes, frequencies: count } = problem;
  const [, height, width] = problem.shape;
  const random = new RandomGenerator(0);
  const options = condenseOptions(problem, job);
  const dataset = openDataset(problem, prepared);
  const pool: ExtractorPool = openPool(prepared);
  const synthetic = openSynthetic(problem, dataset, random);
  const { decodedPerClass } = synthetic;
  const extractor = newModel(problem, random).setRequiresGrad(false);
  const trained = newModel(problem, random).setRequiresGrad(false);
  const dimension = extractor.featureDimension;
  const network = psi ? new SamplingNetwork({ dimension, count, random }) : undefined;
  const parameters = [synthetic.images, ...(network?.parameters() ?? [])];
  const optimizer = createOptimizer(parameters, options.optimizer);
  const fineTuner = createOptimizer([synthetic.images], options.optimizer);
  const labels = labelsByClass(classes, decodedPerClass, 'cpu');
  const context: MatchingContext = {
    dataset,
    pool,
    extractors: options.extractors,
    extractor,
    sampler: ClassSampler.forClasses(dataset.labels, classes, random),
    realPerGroup: problem.realBatch,
    realAtOnce: usualChunks(
      { classes, realPerClass: problem.realBatch, decodedPerClass },
      random.device,
      dataset.shape,
    ).real,
    augmentation: options.augmentation,
    random,
  };
  const draw = (scale: Tensor): Tensor[] => {
    const sample = network?.sample(scale, random);
    if (sample) return [sample.fixed, sample.learned];
    return [gaussianFrequencies(count, dimension, scale, random)];
  };
  const grouping = { partitions: classes, classes, groupings: [1], alpha: options.alpha };
  return (phase) => {
    const target = phase('real branch', () => drawRealBatch(context, 0));
    const decoded = synthetic.decode();
    const features = phase('synthetic forward', () =>
      matchedFeatures(decoded, { ...context, unit: true }, target.augmentation),
    );
    const frequencies = phase('frequencies', () => draw(target.automaticScale));
    const matching = phase('characteristic function', () =>
      matchingLoss(target.features, features, frequencies, grouping).sum().mul(300),
    );
    const gradients = phase('backward', () => grad([matching], parameters));
    phase('optimisers', () => {
      optimizer.step(gradients);
      synthetic.clamp();
    });
    phase('fine-tuning', () => {
      pool.writeInto(trained, { network: 0, beta: 0 });
      const images = normalize(synthetic.decode(), dataset.normalization);
      const draw = drawSiamese(options.augmentation, { groups: classes, height, width, random });
      const loss = crossEntropy(trained.logits(applySiamese(images, draw)), labels).mul(classes);
      fineTuner.step(grad([loss], [synthetic.images]));
      synthetic.clamp();
    });
    target.features.dispose();
    target.automaticScale.dispose();
  };
}
