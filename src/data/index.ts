import { nearest, UsageError } from '../tensor/errors.js';
import type { DatasetPair } from './dataset.js';
import { loadDigits } from './digits.js';
import { type LoadOptions, loadFashionMnist, loadMnist } from './mnist.js';

export { type ArrayDatasetOptions, arrayDataset } from './array-dataset.js';
export { type Batch, batch, pixelsToTensor } from './batch.js';
export { type CacheOptions, openCached, verifyCached } from './cache/index.js';
export { ClassSampler, type ClassSamplerState, type PermutationSource } from './class-sampler.js';
export {
  computeNormalization,
  type Dataset,
  type DatasetPair,
  hashDataset,
  type ImageShape,
  indicesByClass,
  type Normalization,
  type Pixels,
  pixelsPerImage,
} from './dataset.js';
export { loadDigits } from './digits.js';
export { type IdxArray, type IdxPair, readIdx, readIdxPair } from './idx.js';
export {
  type LoadOptions,
  loadFashionMnist,
  loadMnist,
  loadMnistLike,
  type MnistLike,
} from './mnist.js';
export {
  type DatasetSelection,
  type DecodingProgress,
  type OpenOptions,
  openDataset,
} from './open.js';
export { type SplitOptions, splitDataset, subset } from './subset.js';

const loaders: ReadonlyMap<string, (options: LoadOptions) => Promise<DatasetPair>> = new Map([
  ['digits', () => loadDigits()],
  ['fashion-mnist', loadFashionMnist],
  ['mnist', loadMnist],
]);

/** The names that {@link loadDataset} knows. */
export const datasetNames: readonly string[] = [...loaders.keys()];

/**
 * Loads a dataset by name.
 *
 * @param options where its files are; `digits` comes with the package and needs none.
 * @throws UsageError if there is no such dataset, or its files are missing or damaged.
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<DatasetPair> {
  const load = loaders.get(name);
  if (load !== undefined) return load(options);
  const suggestion = nearest(name, datasetNames);
  const hint = suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`;
  throw new UsageError(
    `There is no dataset named '${name}'; expected one of ${datasetNames.join(', ')}.${hint}`,
  );
}
