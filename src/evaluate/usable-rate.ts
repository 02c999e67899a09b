import { labelsByClass, realImages } from '../distill/index.js';
import { buildModel, type ModelOptions } from '../models/index.js';
import { scope } from '../tensor/index.js';
import { type TrainingStep, train } from '../train/train.js';
import type { CompareRequest } from './compare.js';
import { sourceOf } from './training-images.js';

/** Steps of a trial, and how many of them, the last, tell whether a network has begun to learn. */
const trial = { steps: 100, judged: 25 };

/** Tried where the protocol's rate will not do, relative to it. */
const fractions = [0.1, 0.01] as const;

/** A network that guesses has a loss of ln(classes); one that has begun to learn is below this part of it. */
const begun = 0.97;

/**
 * The learning rate at which networks of an architecture begin to learn from as many random real images as a set has: the
 * protocol's; where the training loss of a short trial stays at guessing, a tenth or a hundredth of it, whichever has the
 * lower loss; and the protocol's as well where the network begins at none of them. No test image has a say.
 */
export async function usableRate(request: CompareRequest, model: ModelOptions): Promise<number> {
  const { learningRate } = request.plan.evaluate.optimizer;
  const guessing = Math.log(request.data.train.classNames.length);
  if ((await trialLoss(request, model, learningRate)) < begun * guessing) return learningRate;
  let best = { rate: learningRate, loss: begun * guessing };
  for (const fraction of fractions) {
    const rate = learningRate * fraction;
    const loss = await trialLoss(request, model, rate);
    if (loss < best.loss) best = { rate, loss };
  }
  return best.rate;
}

/** The mean loss, in nats, of the last steps of a trial. */
async function trialLoss(
  { plan, data, random, signal }: CompareRequest,
  architecture: ModelOptions,
  learningRate: number,
): Promise<number> {
  const { shape, classNames, normalization } = data.train;
  const classes = classNames.length;
  const own = random.derive('trial');
  const { imagesPerClass } = plan.distill;
  using images = scope(() => realImages(data.train, imagesPerClass, own.derive('images')));
  using labels = labelsByClass(classes, imagesPerClass, random.device);
  using model = buildModel(architecture, shape, classes, own);
  const { evaluate } = plan;
  const judged: TrainingStep[] = [];
  await train({
    model,
    source: sourceOf({ images, labels }, normalization, random.device),
    steps: trial.steps,
    options: {
      ...evaluate,
      optimizer: { ...evaluate.optimizer, learningRate },
      schedule: { kind: 'constant' },
    },
    random: own,
    signal,
    onStep: (step, figures) => {
      if (step > trial.steps - trial.judged) judged.push(figures);
    },
  });
  return judged.reduce((sum, { loss }) => sum + loss, 0) / judged.length;
}
