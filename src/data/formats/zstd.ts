import { Decompress } from 'fzstd';

// Frames of Zstandard: RFC 8878, section 3.1.1.

const magic = 0xfd2fb528;

/** How far back a frame may refer: what compressors choose below their ultra levels, twice. */
const largestWindow = 16 * 2 ** 20;

/** Frames have blocks of up to 128 KiB; only the last, and those of a writer that was flushed, are short. */
const blocksOf = (length: number): number => 1000 + length / 1024;

/**
 * Decompresses a frame of Zstandard block by block, so that one which comes to more than it should is left at once.
 *
 * @param length bytes that it must come to
 * @throws Error saying what is wrong.
 */
export function decompressZstd(input: Uint8Array, length: number): Uint8Array {
  checkWindow(Buffer.from(input.buffer, input.byteOffset, input.byteLength), length);
  const output = new Uint8Array(length);
  let end = 0;
  let blocks = 0;
  const stream = new Decompress((block) => {
    blocks += 1;
    if (end + block.length > length || blocks > blocksOf(length)) {
      throw new Error(`a page compressed by zstd comes to more than its ${length} bytes`);
    }
    output.set(block, end);
    end += block.length;
  });
  stream.push(input, true);
  return output.subarray(0, end);
}

/** The window is made before the first block is read. */
function checkWindow(frame: Buffer, length: number): void {
  if (frame.length < 8 || frame.readUInt32LE(0) !== magic) {
    throw new Error('a page is said to be compressed by zstd, and is not');
  }
  const descriptor = frame.readUInt8(4);
  // A single segment has the whole content as its window.
  const single = (descriptor & 32) !== 0;
  const [exponent, mantissa] = [frame.readUInt8(5) >> 3, frame.readUInt8(5) & 7];
  const window = single
    ? contentSize(frame, descriptor)
    : 2 ** (10 + exponent) * (1 + mantissa / 8);
  if (window <= Math.max(length, largestWindow)) return;
  throw new Error(`a page compressed by zstd needs ${window} bytes for ${length}`);
}

function contentSize(frame: Buffer, descriptor: number): number {
  const start = 5 + [0, 1, 2, 4][descriptor & 3]!;
  const bytes = [1, 2, 4, 8][descriptor >> 6]!;
  if (frame.length < start + bytes) throw new Error('a page ends within its header of zstd');
  if (bytes === 8) return Number(frame.readBigUInt64LE(start));
  return frame.readUIntLE(start, bytes) + (bytes === 2 ? 256 : 0);
}
