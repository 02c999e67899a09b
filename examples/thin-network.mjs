// @ts-check
// A network of one's own, in a module of its own: programs, configurations and worker processes import it.
import { defineModel } from 'ncfm';
import { ImageModel } from 'ncfm/models';
import { Conv2d, Linear, relu } from 'ncfm/tensor';

class ThinNetwork extends ImageModel {
  /** @type {import('ncfm/models').Stage[]} */
  stages;
  /** @type {number} */
  featureDimension;
  /** @type {Linear} */
  classifier;

  /**
   * @param {import('ncfm/run').ImageShape} input
   * @param {number} classes
   * @param {{ readonly width: number }} options
   * @param {import('ncfm/tensor').RandomGenerator} random
   */
  constructor(input, classes, { width }, random) {
    super();
    const shared = { outputChannels: width, kernel: 3, padding: 1, random };
    const first = this.child('first', new Conv2d({ inputChannels: input.channels, ...shared }));
    const second = this.child('second', new Conv2d({ inputChannels: width, ...shared }));
    this.stages = [
      (x) => relu(first.forward(x)).avgPool2d([2, 2]),
      (x) => relu(second.forward(x)).avgPool2d([2, 2]),
    ];
    const [rows, columns] = [input.height, input.width].map((side) => Math.floor(side / 4));
    this.featureDimension = width * Number(rows) * Number(columns);
    this.classifier = this.child('classifier', new Linear(this.featureDimension, classes, random));
  }
}

export const thin = defineModel('thin', {
  // What is trained with this code is not taken for the result of other code.
  module: import.meta.url,
  options: { width: 8 },
  build: (options, input, classes, random) => new ThinNetwork(input, classes, options, random),
});
