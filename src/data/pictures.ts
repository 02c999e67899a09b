import type { ImageShape } from './dataset.js';

/** Labelled pictures that must be decoded before use: an index, and a way to decode one of them. */
export interface PictureSource {
  /** Name of the whole set. */
  readonly name: string;
  /** Which part of the set this is: `train`, `test`… */
  readonly split: string;
  /** Of every decoded image. */
  readonly shape: ImageShape;
  readonly classNames: readonly string[];
  /** One label per picture, each in 0..classes-1. */
  readonly labels: Int32Array;
  /** Differs whenever a decoded byte could: it covers the files' names, sizes and times, and the decoding's settings. */
  readonly fingerprint: string;
  /** The picture's file, and its place in it where that holds several; for errors. */
  describe(index: number): string;
  /**
   * One decoded picture: [channels, height, width], uint8.
   *
   * @throws UsageError naming the file if it is missing or damaged.
   */
  decode(index: number): Promise<Uint8Array>;
}
