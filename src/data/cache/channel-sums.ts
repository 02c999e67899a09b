import type { ImageShape, Normalization } from '../dataset.js';

/** Mean and deviation of each channel of byte images that come one by one. Sums of bytes are exact up to 2^53. */
export class ChannelSums {
  readonly #plane: number;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #images = 0;

  constructor({ channels, height, width }: ImageShape) {
    this.#plane = height * width;
    this.#sums = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  /** Adds one image: [channels, height, width]. */
  add(image: Uint8Array): void {
    this.#images += 1;
    for (let channel = 0; channel < this.#sums.length; channel++) {
      const start = channel * this.#plane;
      let [sum, squares] = [0, 0];
      for (let offset = start; offset < start + this.#plane; offset++) {
        const value = image[offset]!;
        sum += value;
        squares += value * value;
      }
      this.#sums[channel]! += sum;
      this.#squares[channel]! += squares;
    }
  }

  /** In units where pixels lie in [0, 1]; a constant channel gets a deviation of 1, as `computeNormalization` gives it. */
  normalization(): Normalization {
    const count = this.#images * this.#plane;
    const mean = Array.from(this.#sums, (sum) => sum / count);
    const std = Array.from(this.#squares, (squares, channel) => {
      const variance = squares / count - mean[channel]! ** 2;
      return variance > 0 ? Math.sqrt(variance) / 255 : 1;
    });
    return { mean: mean.map((value) => value / 255), std };
  }
}
