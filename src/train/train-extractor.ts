import type { Dataset } from '../data/index.js';
import { buildModel, type ImageModel, type ModelOptions } from '../models/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import { datasetSource, type TrainOptions, type TrainRequest, train } from './train.js';

export interface ExtractorRequest
  extends Pick<TrainRequest, 'steps' | 'random' | 'checkpoints' | 'signal' | 'onStep'> {
  readonly train: Dataset;
  readonly model: ModelOptions;
  readonly options: Omit<TrainOptions, 'cutMix'>;
  /** Called before the training (step 0), also before one that goes on, and after each step. */
  readonly record?: ((step: number, network: ImageModel) => void) | undefined;
}

export interface TrainedExtractor extends Disposable {
  readonly untrained: ImageModel;
  readonly trained: ImageModel;
}

/** Builds and trains one feature extractor. What a pool's networks are depends on this module and on what it imports. */
export async function trainExtractor(request: ExtractorRequest): Promise<TrainedExtractor> {
  const { train: dataset, model, options, random, steps, checkpoints, signal } = request;
  const { record, onStep } = request;
  const { shape, classNames } = dataset;
  const build = (source: RandomGenerator) => buildModel(model, shape, classNames.length, source);
  const trained = build(random);
  const untrained = build(random.derive('copy'));
  const dispose = (): void => {
    trained.dispose();
    untrained.dispose();
  };
  try {
    untrained.loadState(trained.state());
    record?.(0, trained);
    await train({
      model: trained,
      source: datasetSource(dataset, random.device),
      steps,
      options: { ...options, cutMix: 0 },
      random,
      checkpoints,
      signal,
      onStep: (step, ...batch) => {
        record?.(step, trained);
        return onStep?.(step, ...batch);
      },
    });
  } catch (error) {
    dispose();
    throw error;
  }
  return { untrained, trained, [Symbol.dispose]: dispose };
}
