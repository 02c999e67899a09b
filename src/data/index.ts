// What reads files of all formats is in `reading.ts`, apart, because the libraries that it needs take a while to load.
export { type ArrayDatasetOptions, arrayDataset } from './array-dataset.js';
export { type Batch, batch, pixelsToTensor } from './batch.js';
export { catalog, findInCatalog } from './catalog.js';
export type { CatalogEntry } from './catalog-entry.js';
export { ClassSampler, type ClassSamplerState, type PermutationSource } from './class-sampler.js';
export { classSubset } from './class-subset.js';
export {
  computeNormalization,
  type Dataset,
  type DatasetPair,
  hashDataset,
  indicesByClass,
  type Pixels,
  pixelsPerImage,
  type SkippedPicture,
} from './dataset.js';
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
export type { DamagedPicture, FileHashes, PictureSource } from './pictures.js';
export { imageNetSubsetClasses, imageNetSubsetNames } from './readers/imagenet-classes.js';
export { openStoredDataset, storeDataset } from './stored-dataset.js';
export { type SplitOptions, splitDataset, subset } from './subset.js';
