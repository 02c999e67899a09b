import type { DatasetPair } from './dataset/dataset.js';
import { openDataset } from './open.js';

export { type CacheOptions, openCached } from './cache/open-cached.js';
export { type DecodingProgress, openCachedPair } from './cache/open-pair.js';
export { verifyCached } from './cache/verify-cached.js';
export { catalog, findInCatalog } from './catalog/catalog.js';
export type { CatalogEntry } from './catalog/catalog-entry.js';
export type { LoadOptions } from './catalog/data-folders.js';
export { type GetOutcome, getDataset } from './catalog/get-dataset.js';
export { type ArrayDatasetOptions, arrayDataset } from './dataset/array-dataset.js';
export { type Batch, batch, pixelsToTensor } from './dataset/batch.js';
export {
  ClassSampler,
  type ClassSamplerState,
  type PermutationSource,
} from './dataset/class-sampler.js';
export {
  computeNormalization,
  type Dataset,
  type DatasetPair,
  hashDataset,
  indicesByClass,
  type Pixels,
  pixelsPerImage,
  type SkippedPicture,
} from './dataset/dataset.js';
export { openStoredDataset, storeDataset } from './dataset/stored-dataset.js';
export { classSubset, type SplitOptions, splitDataset, subset } from './dataset/subset.js';
export { type DecodeOptions, decodePicture } from './decoding/decode.js';
export { readPictureHeader } from './decoding/picture-header.js';
export type { DamagedPicture, FileHashes, PictureSource } from './decoding/picture-source.js';
export type { MeasuredValues, ValueRange, ValueScale } from './decoding/value-scale.js';
export { type IdxArray, type IdxPair, readIdx, readIdxPair } from './formats/idx.js';
export {
  encodeNpy,
  type NumberArray,
  type NumpyArray,
  type NumpyTexts,
  parseNpy,
} from './formats/npy.js';
export { encodeNpz, parseNpz } from './formats/npz.js';
export { type InspectionReport, inspectableDataset, inspectDataset } from './inspection/inspect.js';
export {
  type DatasetSelection,
  datasetNames,
  type OpenedSource,
  type OpenOptions,
  openDataset,
  openSource,
} from './open.js';
export { type ArraysOptions, loadArrays, loadWholeArrays } from './readers/arrays.js';
export { loadCifar10, loadCifar100 } from './readers/cifar.js';
export { loadDigits } from './readers/digits.js';
export {
  type ImageFolderOptions,
  openImageFolder,
  openWholeFolder,
} from './readers/image-folder.js';
export { imageNetSubsetClasses, imageNetSubsetNames } from './readers/imagenet-classes.js';
export { openImageNetSubset } from './readers/imagenet-subset.js';
export {
  loadFashionMnist,
  loadMnist,
  loadMnistLike,
  type MnistLike,
} from './readers/mnist.js';
export { openParquet, type ParquetOptions } from './readers/parquet.js';
export { loadSvhn } from './readers/svhn.js';
export { openTinyImageNet } from './readers/tiny-imagenet.js';

/**
 * Loads a dataset by name.
 *
 * @param options.root where its files are; the usual places when left out
 * @param options.cache folder that keeps decoded pictures
 * @throws UsageError if there is no such dataset, or its files are missing or damaged.
 */
export async function loadDataset(
  name: string,
  { root, cache = '.cache/data' }: { readonly root?: string; readonly cache?: string } = {},
): Promise<DatasetPair> {
  return openDataset({ name, root }, { cache });
}
