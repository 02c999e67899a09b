import type { Dataset } from '../dataset/dataset.js';

/**
 * A dataset as a user's class may be: everything behind private fields and getters, so that a method without its
 * object, or a copy of the object's own properties, does not work.
 */
export class PrivateDataset implements Dataset {
  readonly #images: Dataset;

  constructor(images: Dataset) {
    this.#images = images;
  }

  get name() {
    return this.#images.name;
  }

  get split() {
    return this.#images.split;
  }

  get shape() {
    return this.#images.shape;
  }

  get classNames() {
    return this.#images.classNames;
  }

  get labels() {
    return this.#images.labels;
  }

  get normalization() {
    return this.#images.normalization;
  }

  get hash() {
    return this.#images.hash;
  }

  read(indices: ArrayLike<number>) {
    return this.#images.read(indices);
  }
}
