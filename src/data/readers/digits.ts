import { fileURLToPath } from 'node:url';
import type { DatasetPair } from '../dataset/dataset.js';
import { digitNames, loadMnistLike } from './mnist.js';

/** The same place from src/data/readers and dist/data/readers. */
const directory = fileURLToPath(new URL('../../../assets/digits', import.meta.url));

/**
 * Handwritten digits, 8×8, one channel, 10 classes: 1195 for training and 602 for testing. They come
 * with the package, so that everything can be tried without a download.
 *
 * The testing part of Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, 1998,
 * doi 10.24432/C50P49, CC BY 4.0). Of each class, in the source's order, the first two thirds are
 * for training; assets/digits/LICENSE.md says more.
 */
export function loadDigits(): Promise<DatasetPair> {
  return loadMnistLike({
    name: 'digits',
    classNames: digitNames,
    directories: [directory],
    howToGet: 'they come with the package: install it again',
  });
}
