import { describe, expect, it } from 'vitest';
import { decompressZstd } from './zstd.js';

const magic = [0x28, 0xb5, 0x2f, 0xfd];

/** A block that repeats a byte so many times. */
function repeated(byte: number, times: number, last = false): number[] {
  const head = times * 8 + 2 + (last ? 1 : 0);
  return [head & 255, (head >> 8) & 255, head >> 16, byte];
}

/** A frame with a window of 1 KiB times a power of two. */
const frame = (exponent: number, ...blocks: readonly number[][]) =>
  Uint8Array.from([...magic, 0, exponent * 8, ...blocks.flat()]);

describe('decompressZstd', () => {
  it('gives what is in a frame', () => {
    const input = frame(10, repeated(7, 3), repeated(9, 2, true));
    expect([...decompressZstd(input, 5)]).toEqual([7, 7, 7, 9, 9]);
    const single = Uint8Array.from([...magic, 32, 4, ...repeated(5, 4, true)]);
    expect([...decompressZstd(single, 4)]).toEqual([5, 5, 5, 5]);
  });

  it('gives what the zstd program has packed', () => {
    const packed = Buffer.from('KLUv/QRYZQAAMGhlbGxvIAEAuUsRK+Fo5w==', 'base64');
    const text = 'hello '.repeat(6).trim();
    expect(Buffer.from(decompressZstd(packed, text.length)).toString()).toBe(text);
  });

  it('leaves a frame that comes to more than it should', () => {
    const bomb = frame(10, ...Array.from({ length: 100_000 }, () => repeated(0, 2 ** 17 - 1)));
    expect(() => decompressZstd(bomb, 2 ** 20)).toThrow('comes to more than its 1048576 bytes');
    const empty = frame(10, ...Array.from({ length: 100_000 }, () => repeated(0, 0)));
    expect(() => decompressZstd(empty, 16)).toThrow('comes to more than its 16 bytes');
  });

  it('makes no room for a window out of proportion', () => {
    expect(() => decompressZstd(frame(20, repeated(1, 1, true)), 1)).toThrow(
      'needs 1073741824 bytes for 1',
    );
    const single = [...magic, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, ...repeated(1, 1, true)];
    expect(() => decompressZstd(Uint8Array.from(single), 1)).toThrow('needs 4294967296 bytes');
  });

  it.each([
    ['something else', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['half a frame', [...magic, 0, 80, 1, 2]],
    ['half a header', [...magic, 0xe0, 0, 0, 0]],
  ])('refuses %s', (_, bytes) => {
    expect(() => decompressZstd(Uint8Array.from(bytes), 1)).toThrow();
  });
});
