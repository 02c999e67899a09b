export { type ArrayDatasetOptions, arrayDataset } from './array-dataset.js';
export { type Batch, batch, pixelsToTensor } from './batch.js';
export {
  type CacheOptions,
  type DecodingProgress,
  openCached,
  openCachedPair,
  verifyCached,
} from './cache/index.js';
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
export { type DecodeOptions, decodePicture } from './decoding/decode.js';
export { probePicture } from './decoding/probe.js';
export type { MeasuredValues, ValueRange, ValueScale } from './decoding/value-scale.js';
export { loadDigits } from './digits.js';
export { type GetOutcome, getDataset } from './download/index.js';
export {
  encodeNpy,
  type NumberArray,
  type NumpyArray,
  type NumpyTexts,
  parseNpy,
} from './formats/npy.js';
export { encodeNpz, parseNpz } from './formats/npz.js';
export { type IdxArray, type IdxPair, readIdx, readIdxPair } from './idx.js';
export { type InspectionReport, inspectableDataset, inspectDataset } from './inspect.js';
export { type LoadDatasetOptions, loadDataset } from './load.js';
export {
  type LoadOptions,
  loadFashionMnist,
  loadMnist,
  loadMnistLike,
  type MnistLike,
} from './mnist.js';
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
  type OpenedSource,
  type OpenOptions,
  openDataset,
  openSource,
} from './open.js';
export type { DamagedPicture, FileHashes, PictureSource } from './pictures.js';
export { type ArraysOptions, loadArrays, loadWholeArrays } from './readers/arrays.js';
export { loadCifar10, loadCifar100 } from './readers/cifar.js';
export {
  type ImageFolderOptions,
  openImageFolder,
  openWholeFolder,
} from './readers/image-folder.js';
export { imageNetSubsetClasses, imageNetSubsetNames } from './readers/imagenet-classes.js';
export { openImageNetSubset } from './readers/imagenet-subset.js';
export { openParquet, type ParquetOptions } from './readers/parquet.js';
export { loadSvhn } from './readers/svhn.js';
export { openTinyImageNet } from './readers/tiny-imagenet.js';
export { openStoredDataset, storeDataset } from './stored-dataset.js';
export { type SplitOptions, splitDataset, subset } from './subset.js';
