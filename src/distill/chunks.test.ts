import { describe, expect, it } from 'vitest';
import { hostDevice } from '../tensor/testing/on-device.js';
import { usualChunks, wholeClasses } from './chunks.js';

describe('usualChunks', () => {
  it.each([
    ['few images', { classes: 3, realPerClass: 12, decodedPerClass: 8 }, 252, 3],
    ['many synthetic images', { classes: 100, realPerClass: 64, decodedPerClass: 40 }, 256, 3],
    [
      'more than fit of one class',
      { classes: 10, realPerClass: 1024, decodedPerClass: 900 },
      256,
      1,
    ],
  ])('have a size that serves %s', (_, sizes, real, synthetic) => {
    expect(usualChunks(sizes, hostDevice, { height: 32, width: 32 })).toEqual({ real, synthetic });
  });

  it('do not cut a class where whole classes fit', () => {
    expect([wholeClasses(256, 80), wholeClasses(80, 80), wholeClasses(50, 80)]).toEqual([
      240, 80, 50,
    ]);
  });
});
