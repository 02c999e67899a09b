import { type Dataset, RandomGenerator } from 'ncfm';
import { officialTraining } from 'ncfm/data';
import {
  datasetSource,
  labelsByClass,
  parameterGradient,
  pullBack,
  type TrainingSource,
  type TrainOptions,
  tensorSource,
  train,
} from 'ncfm/methods';
import { scope, tensor } from 'ncfm/tensor';
import type { TrainingJob, TrainingTask } from './jobs.js';
import { timed } from './timing.js';
import { newModel, openDataset, openSynthetic } from './workload.js';

type FirstOrder = Exclude<TrainingTask, 'second order'>;

const optimizers = {
  pretraining: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
  evaluation: { kind: 'adamw', learningRate: 1e-3 },
} as const;

function trainOptions(task: FirstOrder, batchSize: number): TrainOptions {
  return {
    batchSize,
    optimizer: optimizers[task],
    schedule: { kind: 'constant' },
    augmentation: officialTraining,
    cutMix: task === 'evaluation' ? 0.5 : 0,
  };
}

/** Seconds of each of our training steps, the ones to warm up left out. */
export async function timeTraining(job: TrainingJob): Promise<number[]> {
  const { task, problem, prepared, batchSize, warmUpSteps, steps } = job;
  if (task === 'second order') return timeSecondOrder(job);
  const random = new RandomGenerator(0);
  const dataset = openDataset(problem, prepared);
  using model = newModel(problem, random);
  const seconds: number[] = [];
  let last = performance.now();
  await train({
    model,
    source: task === 'pretraining' ? datasetSource(dataset, 'cpu') : distilledSource(job, dataset),
    steps: warmUpSteps + steps,
    options: trainOptions(task, batchSize),
    random,
    onStep: (step) => {
      const now = performance.now();
      if (step > warmUpSteps) seconds.push((now - last) / 1000);
      last = now;
    },
  });
  return seconds;
}

/** A decoded distilled set in memory, as networks are evaluated on. */
function distilledSource({ problem }: TrainingJob, dataset: Dataset): TrainingSource {
  using synthetic = openSynthetic(problem, dataset, new RandomGenerator(0));
  const { classes, decodedPerClass } = synthetic;
  const images = scope(() => synthetic.decode().detach().clone());
  const labels = labelsByClass(classes, decodedPerClass, 'cpu');
  return tensorSource({ images, labels }, dataset.normalization);
}

/** Seconds of inner steps: ∇θℓ of a batch, and the derivatives of ⟨∇θℓ, v⟩ with respect to images and parameters. */
function timeSecondOrder({ problem, batchSize, warmUpSteps, steps }: TrainingJob): number[] {
  const random = new RandomGenerator(0);
  using model = newModel(problem, random);
  return scope(() => {
    const direction = model.parameters().map((parameter) => random.normal(parameter.shape));
    const images = random.normal([batchSize, ...problem.shape]);
    const labels = tensor(
      BigInt64Array.from({ length: batchSize }, (_, i) => BigInt(i % problem.classes)),
    );
    const step = (): void =>
      scope(() => {
        parameterGradient(model, images, labels);
        pullBack({ model, images, labels, direction, parameters: true });
      });
    const seconds = Array.from({ length: warmUpSteps + steps }, () => timed(step).seconds);
    return seconds.slice(warmUpSteps);
  });
}
