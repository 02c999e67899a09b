import { UsageError } from '../core/index.js';
import { buildModel, knownWeakness, type ModelOptions } from '../models/index.js';
import {
  type CompareRequest,
  type DecodedSet,
  measure,
  measureRandom,
  stepsFor,
} from './compare.js';
import { type SetFigures, setFigures } from './results.js';
import { usableRate } from './usable-rate.js';

/** What networks of one architecture learn from a set, and from random real images. */
export interface ArchitectureResult {
  readonly model: ModelOptions;
  /** What is known to go wrong with this network on tiny sets. */
  readonly advice?: string;
  /** At which its networks were trained, where it is not the protocol's; see `usableRate`. */
  readonly learningRate?: number;
  readonly random: SetFigures;
  readonly set: SetFigures;
}

/**
 * Trains networks of several architectures on a set, and on as many random real images (the paper's table 4). Every
 * architecture takes the plan's protocol, with hard labels at a smaller learning rate where its networks would not begin
 * to learn at the protocol's. Throws UsageError, before anything is trained, for an architecture
 * that cannot take the images.
 */
export async function crossArchitectures(
  request: CompareRequest,
  set: DecodedSet,
  models: readonly ModelOptions[],
): Promise<ArchitectureResult[]> {
  const { data, random, onEvent } = request;
  const { shape, classNames } = data.train;
  for (const model of models) {
    try {
      buildModel(model, shape, classNames.length, random.derive('check')).dispose();
    } catch (cause) {
      throw new UsageError(`${labelOf(model)}: ${(cause as Error).message}`, { cause });
    }
  }
  const steps = stepsFor(request, set);
  const results: ArchitectureResult[] = [];
  for (const model of models) {
    const name = labelOf(model);
    const advice = knownWeakness(model);
    if (advice !== undefined) onEvent({ type: 'warning', message: advice });
    const adapted = await atUsableRate(request, model, name);
    const measured = { steps, model };
    const control = await measureRandom(adapted, { ...measured, name: `random, ${name}` });
    const own = await measure(adapted, { ...measured, name: `set, ${name}`, sets: [set] });
    const { learningRate } = adapted.plan.evaluate.optimizer;
    results.push({
      model,
      ...(advice !== undefined && { advice }),
      ...(adapted !== request && { learningRate }),
      random: setFigures(control),
      set: setFigures(own),
    });
  }
  return results;
}

/** The request with another learning rate, which the user is told of, where networks need one; else itself. */
async function atUsableRate(
  request: CompareRequest,
  model: ModelOptions,
  name: string,
): Promise<CompareRequest> {
  const { evaluate } = request.plan;
  // With soft labels, and at a rate that a set has learned, it is not for us to choose.
  if (evaluate.labels.mode !== 'hard' || evaluate.rate === 'set') return request;
  const { learningRate: given } = evaluate.optimizer;
  const learningRate = await usableRate(request, model);
  if (learningRate === given) return request;
  request.onEvent({
    type: 'warning',
    message: `${name} does not begin to learn at the protocol's learning rate of ${given}; its networks, on random images too, are trained at ${learningRate}`,
  });
  const optimizer = { ...evaluate.optimizer, learningRate };
  return { ...request, plan: { ...request.plan, evaluate: { ...evaluate, optimizer } } };
}

/** `resnet18`, `vgg11`, `convnet`: how tables call a network. */
export function labelOf(model: ModelOptions): string {
  return 'depth' in model && typeof model.depth === 'number'
    ? `${model.name}${model.depth}`
    : model.name;
}
