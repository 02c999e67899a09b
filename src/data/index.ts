// What reads files of all formats is in `reading.ts`, apart, because the libraries that it needs take a while to load.
export { catalog, findInCatalog } from './catalog/catalog.js';
export type { CatalogEntry } from './catalog/catalog-entry.js';
export { type ArrayDatasetOptions, arrayDataset } from './dataset/array-dataset.js';
export { type Batch, batch, imagesOf, pixelsToTensor } from './dataset/batch.js';
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
  type Whitening,
} from './dataset/dataset.js';
export { keepResident } from './dataset/resident.js';
export { openStoredDataset, storeDataset } from './dataset/stored-dataset.js';
export { classSubset, type SplitOptions, splitDataset, subset } from './dataset/subset.js';
export { whitenedParts } from './dataset/whitening.js';
export type { DamagedPicture, FileHashes, PictureSource } from './decoding/picture-source.js';
export type { MeasuredValues, ValueRange, ValueScale } from './decoding/value-scale.js';
export { type LoadDatasetOptions, loadDataset } from './load.js';
export {
  type DatasetDefinition,
  type DatasetName,
  datasetNames,
  defineDataset,
  knownDatasets,
  type OwnDataset,
  type OwnDatasetOptions,
  ownDatasets,
} from './names.js';
export {
  asPair,
  type DatasetSelection,
  givenParts,
  type OpenedSource,
  type OpenOptions,
  openDataset,
  openSource,
} from './open.js';
export { imageNetSubsetClasses, imageNetSubsetNames } from './readers/imagenet-classes.js';
