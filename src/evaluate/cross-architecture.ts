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

/** What networks of one architecture learn from a set, and from random real images. */
export interface ArchitectureResult {
  readonly model: ModelOptions;
  /** What is known to go wrong with this network on tiny sets. */
  readonly advice?: string;
  readonly random: SetFigures;
  readonly set: SetFigures;
}

/**
 * Trains networks of several architectures on a set, and on as many random real images (the paper's table 4). Every
 * architecture takes the plan's protocol as it is. Throws UsageError, before anything is trained, for an architecture
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
    const measured = { steps, model };
    const control = await measureRandom(request, { ...measured, name: `random, ${name}` });
    const own = await measure(request, { ...measured, name: `set, ${name}`, sets: [set] });
    results.push({
      model,
      ...(advice !== undefined && { advice }),
      random: setFigures(control),
      set: setFigures(own),
    });
  }
  return results;
}

/** `resnet18`, `vgg11`, `convnet`: how tables call a network. */
export function labelOf(model: ModelOptions): string {
  return 'depth' in model && typeof model.depth === 'number'
    ? `${model.name}${model.depth}`
    : model.name;
}
