// What reads and decodes files. Loaded where it is needed: the libraries below it take a while to load.
export {
  type CacheOptions,
  type DecodingProgress,
  openCached,
  openCachedPair,
  verifyCached,
} from './cache/index.js';
export { type DecodeOptions, decodePicture } from './decoding/decode.js';
export { probePicture } from './decoding/probe.js';
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
export {
  type LoadOptions,
  loadFashionMnist,
  loadMnist,
  loadMnistLike,
  type MnistLike,
} from './mnist.js';
export { type ArraysOptions, loadArrays, loadWholeArrays } from './readers/arrays.js';
export { loadCifar10, loadCifar100 } from './readers/cifar.js';
export {
  type ImageFolderOptions,
  openImageFolder,
  openWholeFolder,
} from './readers/image-folder.js';
export { openImageNetSubset } from './readers/imagenet-subset.js';
export { openParquet, type ParquetOptions } from './readers/parquet.js';
export { loadSvhn } from './readers/svhn.js';
export { openTinyImageNet } from './readers/tiny-imagenet.js';
