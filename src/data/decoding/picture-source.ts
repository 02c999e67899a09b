import type { LabelledPart } from '../dataset/dataset.js';
import type { MeasuredValues, ValueScale } from './value-scale.js';

/** Tells what files hold. */
export interface FileHashes {
  /**
   * The SHA-256 of each file's bytes, 32 bytes each, one after the other; for one that can't be read, that of a text which
   * says why.
   *
   * @throws the signal's reason, or an error that names a file that changes while it is read.
   */
  of(paths: readonly string[]): Promise<Uint8Array>;
}

/** A picture that can't be used. */
export interface DamagedPicture {
  /** Its number among the pictures of its source. */
  readonly index: number;
  /** Its file, and its place in it where that holds several. */
  readonly place: string;
  readonly reason: string;
}

/** Labelled pictures that must be decoded before use: an index, and a way to decode one of them. */
export interface PictureSource extends LabelledPart {
  /** The file or folder that it is read from; what was found out about files is remembered for each. */
  readonly origin?: string;
  /** How pictures are decoded: differs whenever the same stored bytes could give other pixels. */
  readonly decoding: string;
  /** The picture's file, and its place in it where that holds several; for errors. */
  describe(index: number): string;
  /**
   * 32 bytes for each picture, one after the other, that differ whenever its stored bytes do, wherever they lie and
   * whatever they are called.
   */
  identify(files: FileHashes): Promise<Uint8Array>;
  /**
   * One decoded picture: [channels, height, width], uint8.
   *
   * @param scale what becomes black and white in a picture of more than 8 bits; default: the whole range of its type.
   * @throws UsageError naming the file if it is missing or damaged; UnknownScale if the scale is to be given and is not.
   */
  decode(index: number, scale?: ValueScale): Promise<Uint8Array>;
  /**
   * The values of a picture of more than 8 bits; nothing for one of 8. Left out by sources that have none of the former.
   *
   * @throws as decode does.
   */
  measure?(index: number): Promise<MeasuredValues | undefined>;
}
