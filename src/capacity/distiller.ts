import type { Dataset } from '../data/index.js';
import type { Chunks } from '../distill/chunks.js';
import { decodedPerClass, initializeSynthetic, type SyntheticImages } from '../distill/index.js';
import { clusterClasses } from '../methods/ncfm/clusters.js';
import { Condenser } from '../methods/ncfm/condenser.js';
import type { ImageModel } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import type { RandomGenerator } from '../tensor/index.js';
import type { ExtractorPool } from '../train/index.js';

// All that measuring needs to know of a method of distillation.

/** A distillation at its start, to be measured. Owns its images. */
export interface MeasuredDistiller extends Disposable {
  readonly synthetic: SyntheticImages;
  step(): void;
  /** Iterations of each kind in the plan's whole distillation; the steps here take turns in this order. */
  readonly turns: readonly number[];
}

export interface DistillerRequest {
  readonly plan: Plan;
  readonly train: Dataset;
  readonly pool: ExtractorPool;
  readonly buildModel: () => ImageModel;
  readonly chunks: Chunks;
  readonly random: RandomGenerator;
  readonly signal?: AbortSignal | undefined;
}

/** Real images of each class that an iteration looks at. */
export function realPerClass({ distill: { matching, formation, imagesPerClass } }: Plan): number {
  if (matching.strategy === 'plain') return matching.realPerClass;
  return matching.realPerCluster * decodedPerClass(formation, imagesPerClass);
}

/** Starts a plan's distillation as a run does. */
export async function openDistiller(request: DistillerRequest): Promise<MeasuredDistiller> {
  const { plan, train, random, chunks } = request;
  const { iterations, amortize, matching, ...start } = plan.distill;
  const { formation, imagesPerClass, initialization } = start;
  const clusters =
    matching.strategy === 'stratified'
      ? await clusterClasses({
          ...request,
          dataset: train,
          perClass: decodedPerClass(formation, imagesPerClass),
          groups: matching.groups,
          imagesAtOnce: chunks.real,
        })
      : undefined;
  const candidates = initialization.kind === 'mix' ? clusters : undefined;
  const synthetic = initializeSynthetic(train, {
    ...start,
    random,
    ...(candidates && { candidates }),
  });
  const options = { ...plan.distill, amortize: Math.min(2, amortize) };
  const condenser = condenserOrDispose({
    ...request,
    dataset: train,
    synthetic,
    options,
    ...(clusters && { clusters }),
  });
  const draws = Math.ceil(iterations / amortize);
  return {
    synthetic,
    step: () => void condenser.step(),
    turns: amortize === 1 ? [iterations] : [draws, iterations - draws],
    [Symbol.dispose]: () => {
      condenser.dispose();
      synthetic.dispose();
    },
  };
}

function condenserOrDispose(input: ConstructorParameters<typeof Condenser>[0]): Condenser {
  try {
    return new Condenser(input);
  } catch (error) {
    input.synthetic.dispose();
    throw error;
  }
}
