import { describe, expect, it } from 'vitest';
import { chooseScale, type MeasuredValues } from './value-scale.js';

const of = (type: string, least: number, most: number, declared?: number): MeasuredValues => ({
  type,
  least,
  most,
  ...(declared !== undefined && { declared }),
});

describe('the scale of a set', () => {
  it.each<[string, MeasuredValues[], object]>([
    ['12 of 16 bits', [of('ushort', 3, 3800), of('ushort', 0, 900)], { ushort: [0, 4095] }],
    ['a power of two', [of('ushort', 0, 4096)], { ushort: [0, 8191] }],
    ['all of 16 bits', [of('ushort', 0, 900), of('ushort', 0, 40_000)], {}],
    ['black pictures', [of('ushort', 0, 0), of('float', 0, 0)], {}],
    ['as declared', [of('ushort', 0, 900, 4095), of('ushort', 0, 9, 1023)], { ushort: [0, 4095] }],
    ['more than declared', [of('ushort', 0, 60_000, 4095)], {}],
    ['32 bits', [of('uint', 0, 100_000)], { uint: [0, 131_071] }],
    ['floats to 1', [of('float', 0.1, 0.9)], {}],
    ['floats to 255', [of('float', 0, 250)], { float: [0, 255] }],
    ['floats to 65535', [of('float', 0, 60_000)], { float: [0, 65_535] }],
    ['faint floats', [of('float', 0.01, 0.02)], { float: [0, 0.02] }],
    ['floats below zero', [of('float', -1, 1)], { float: [-1, 1] }],
    ['signed numbers', [of('short', 0, 300)], { short: [0, 300] }],
    ['several types', [of('float', 0, 9), of('ushort', 0, 9)], { float: [0, 9], ushort: [0, 15] }],
    ['nothing', [], {}],
  ])('is chosen by all pictures: %s', (_, measured, expected) => {
    const ranges = Object.entries(expected).map(([type, [black, white]]) => [
      type,
      { black, white },
    ]);
    expect(chooseScale(measured)).toEqual(Object.fromEntries(ranges));
  });
});
