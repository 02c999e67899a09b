import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placePicture } from './geometry.js';

const size = fc.record({
  width: fc.integer({ min: 1, max: 5000 }),
  height: fc.integer({ min: 1, max: 5000 }),
});

describe('where a picture goes', () => {
  it.each([
    // What torchvision's Resize(side) and CenterCrop(side) do with these sizes.
    [{ width: 500, height: 375 }, 128, { scaled: { width: 170, height: 128 }, left: 21, top: 0 }],
    [{ width: 500, height: 375 }, 64, { scaled: { width: 85, height: 64 }, left: 10, top: 0 }],
    [{ width: 375, height: 500 }, 65, { scaled: { width: 65, height: 86 }, left: 0, top: 10 }],
    [{ width: 67, height: 64 }, 64, { scaled: { width: 67, height: 64 }, left: 2, top: 0 }],
  ])('is where torchvision puts it: %j into %i', (from, side, expected) => {
    expect(placePicture(from, { width: side, height: side }, 'crop')).toEqual(expected);
  });

  it('covers the wanted size, just so, with its centre', () => {
    fc.assert(
      fc.property(size, size, (from, to) => {
        const { scaled, left, top } = placePicture(from, to, 'crop');
        expect(scaled.width === to.width || scaled.height === to.height).toBe(true);
        expect(scaled.width).toBeGreaterThanOrEqual(to.width);
        expect(scaled.height).toBeGreaterThanOrEqual(to.height);
        expect(Math.abs(scaled.width - to.width - 2 * left)).toBeLessThanOrEqual(1);
        expect(Math.abs(scaled.height - to.height - 2 * top)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is all of the wanted size if it is stretched', () => {
    fc.assert(
      fc.property(size, size, (from, to) => {
        expect(placePicture(from, to, 'stretch')).toEqual({ scaled: to, left: 0, top: 0 });
      }),
    );
  });
});
