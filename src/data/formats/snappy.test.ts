import { describe, expect, it } from 'vitest';
import { decompressSnappy } from './snappy.js';

const unpack = (length: number, ...input: number[]) => [
  ...decompressSnappy(Uint8Array.from(input), length),
];

describe('decompressSnappy', () => {
  it('gives literals of any length', () => {
    expect(unpack(3, 3, 2 * 4, 7, 8, 9)).toEqual([7, 8, 9]);
    expect(unpack(3, 3, 60 * 4, 2, 7, 8, 9)).toEqual([7, 8, 9]);
    expect(unpack(3, 3, 63 * 4, 2, 0, 0, 0, 7, 8, 9)).toEqual([7, 8, 9]);
    expect(unpack(0, 0)).toEqual([]);
  });

  it('repeats what came before, also what it repeats', () => {
    expect(unpack(6, 6, 1 * 4, 7, 8, 1, 2)).toEqual([7, 8, 7, 8, 7, 8]);
    expect(unpack(5, 5, 2 * 4, 7, 8, 9, 1 * 4 + 2, 3, 0)).toEqual([7, 8, 9, 7, 8]);
    expect(unpack(5, 5, 2 * 4, 7, 8, 9, 1 * 4 + 3, 2, 0, 0, 0)).toEqual([7, 8, 9, 8, 9]);
  });

  it.each([
    ['another length', 4, [3, 2 * 4, 7, 8, 9], 'has 3 bytes, its header says 4'],
    // As a number with a sign this is -1, and a reader that goes on from there never ends.
    ['a literal of 4 GiB', 3, [3, 63 * 4, 0xfe, 0xff, 0xff, 0xff, 7, 8, 9], 'too long'],
    ['half a literal', 3, [3, 2 * 4, 7], 'cut short'],
    ['half a number', 3, [3, 63 * 4, 1], 'cut short'],
    ['too little', 3, [3, 0, 7], 'cut short'],
    ['a reference to nothing', 5, [5, 0, 7, 1, 0], 'refers 0 bytes back'],
    ['a reference before the beginning', 5, [5, 0, 7, 1, 2], 'refers 2 bytes back, at byte 1'],
  ])('refuses %s', (_, length, input, message) => {
    expect(() => unpack(length, ...input)).toThrow(message);
  });
});
