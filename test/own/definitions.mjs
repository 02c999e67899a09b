// @ts-check
// A model, an augmentation and a dataset as a user's module defines them, with what the package exports alone.
import { arrayDataset, defineAugmentation, defineDataset, defineModel } from 'ncfm';
import { ImageModel } from 'ncfm/models';
import { Linear, relu } from 'ncfm/tensor';

const module = import.meta.url;

class Small extends ImageModel {
  /** @type {import('ncfm/models').Stage[]} */
  stages;
  /** @type {number} */
  featureDimension;
  /** @type {Linear} */
  classifier;

  /**
   * @param {import('ncfm/run').ImageShape} input
   * @param {number} classes
   * @param {number} width
   * @param {import('ncfm/tensor').RandomGenerator} random
   */
  constructor({ channels, height, width: columns }, classes, width, random) {
    super();
    const pixels = channels * height * columns;
    const first = this.child('first', new Linear(pixels, width, random));
    this.stages = [(x) => relu(first.forward(x.reshape([x.size(0), pixels])))];
    this.featureDimension = width;
    this.classifier = this.child('classifier', new Linear(width, classes, random));
  }
}

export const small = defineModel('small', {
  module,
  options: { width: 6 },
  build: ({ width }, input, classes, random) => new Small(input, classes, width, random),
});

export const fade = defineAugmentation('fade', {
  module,
  options: { most: 0.5 },
  draw: ({ most }, _, random) => 1 - most * random.uniform(),
  apply: (images, factor) => images.mul(Number(factor)),
});

export const stripes = defineDataset(
  'stripes',
  () => {
    const labels = Array.from({ length: 40 }, (_, image) => image % 2);
    const pixels = Uint8Array.from({ length: 40 * 64 }, (_, index) => {
      const [image, place] = [Math.floor(index / 64), index % 64];
      const along = labels[image] === 0 ? place % 8 : Math.floor(place / 8);
      return ((along + image) % 4 < 2 ? 200 : 20) + (image % 7);
    });
    const shape = { channels: 1, height: 8, width: 8 };
    return arrayDataset({ name: 'stripes', split: 'train', shape, pixels, labels });
  },
  { module },
);
