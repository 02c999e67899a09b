import type { PictureSource } from '../decoding/picture-source.js';

/** What `generatedPictures` generates. */
export interface GeneratedOptions {
  readonly images: number;
  readonly side?: number;
  readonly channels?: number;
  readonly classes?: number;
  readonly split?: string;
  /** Another one gives other pixels. */
  readonly seed?: number;
}

/** A source whose pictures are computed: noise that depends on the seed, the picture and the place. */
export function generatedPictures(options: GeneratedOptions): PictureSource {
  const { images, side = 5, channels = 1, classes = 2, split = 'train', seed = 1 } = options;
  const shape = { channels, height: side, width: side };
  const values = channels * side * side;
  return {
    name: 'generated',
    split,
    shape,
    classNames: Array.from({ length: classes }, (_, label) => `class ${label}`),
    labels: Int32Array.from({ length: images }, (_, index) => index % classes),
    decoding: JSON.stringify({ side, channels }),
    describe: (index) => `picture ${index}`,
    identify: async () => identitiesOf(images, seed),
    decode: async (index) => generatedPicture(index, values, seed),
  };
}

/** Identities of pictures that differ by their number and a seed. */
export function identitiesOf(images: number, seed: number): Uint8Array {
  const identities = new Int32Array(images * 8);
  for (let index = 0; index < images; index++) identities.set([index, seed], index * 8);
  return new Uint8Array(identities.buffer);
}

/** The pixels of one generated picture. */
export function generatedPicture(index: number, values: number, seed: number): Uint8Array {
  let state = (Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) | 1;
  const pixels = new Uint8Array(values);
  for (let offset = 0; offset < values; offset++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pixels[offset] = state & 0xff;
  }
  return pixels;
}
