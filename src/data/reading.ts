// What reads and decodes files. Loaded where it is needed: the libraries below it take a while to load.
export { type CacheOptions, openCached } from './cache/open-cached.js';
export { type DecodingProgress, openCachedPair } from './cache/open-pair.js';
export { verifyCached } from './cache/verify-cached.js';
export type { LoadOptions } from './catalog/data-folders.js';
export { type GetOutcome, getDataset } from './catalog/get-dataset.js';
export { type DecodeOptions, decodePicture } from './decoding/decode.js';
export { readPictureHeader } from './decoding/picture-header.js';
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
export { type ArraysOptions, loadArrays, loadWholeArrays } from './readers/arrays.js';
export { loadCifar10, loadCifar100 } from './readers/cifar.js';
export { loadDigits } from './readers/digits.js';
export {
  type ImageFolderOptions,
  openImageFolder,
  openWholeFolder,
} from './readers/image-folder.js';
export { openImageNetSubset } from './readers/imagenet-subset.js';
export { loadFashionMnist, loadMnist, loadMnistLike, type MnistLike } from './readers/mnist.js';
export { openParquet, type ParquetOptions } from './readers/parquet.js';
export { loadSvhn } from './readers/svhn.js';
export { openTinyImageNet } from './readers/tiny-imagenet.js';
