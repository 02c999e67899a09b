import { mapFile } from '../../tensor/index.js';

/** Bytes that are mapped at once, at most; V8 limits the length of one array. */
const segmentBytes = 2 ** 30;

/** Images of one size in a file that is mapped into memory. */
export class MappedImages {
  readonly #stride: number;
  readonly #perSegment: number;
  /** All but the last hold equally many images. */
  readonly #segments: readonly Uint8Array[];

  /**
   * @param offset where the first image begins, in bytes
   * @param stride bytes of an image
   * @param segment bytes to be mapped at once; whole images are, at least one
   * @throws UsageError naming the file if it does not hold them all.
   */
  constructor(path: string, offset: number, count: number, stride: number, segment = segmentBytes) {
    this.#stride = stride;
    this.#perSegment = Math.max(1, Math.floor(segment / stride));
    const segments: Uint8Array[] = [];
    for (let first = 0; first < count; first += this.#perSegment) {
      const length = Math.min(this.#perSegment, count - first) * stride;
      segments.push(mapFile(path, offset + first * stride, length));
    }
    this.#segments = segments;
  }

  /** Copies images out, one after the other. The indices must exist. */
  gather(indices: ArrayLike<number>): Uint8Array {
    const stride = this.#stride;
    // Every byte is written below, so none needs to be cleared first: a third of the memory's traffic.
    const images = new Uint8Array(Buffer.allocUnsafeSlow(indices.length * stride).buffer);
    for (let row = 0; row < indices.length; row++) {
      const index = indices[row]!;
      const segment = Math.floor(index / this.#perSegment);
      const start = (index - segment * this.#perSegment) * stride;
      images.set(this.#segments[segment]!.subarray(start, start + stride), row * stride);
    }
    return images;
  }
}
