import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ColourPixels, resampleLikePil } from './resample.js';

const side = fc.integer({ min: 1, max: 24 });
const pictures = fc
  .tuple(side, side)
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((values): ColourPixels => ({ width, height, values })),
  );

describe('scaling', () => {
  it('changes nothing if the size stays', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const { width, height } = picture;
        const crop = { left: 0, top: 0, width, height };
        expect(resampleLikePil(picture, picture, crop)).toEqual(picture);
      }),
    );
  });

  it('stays within the values that it scales', () => {
    fc.assert(
      fc.property(pictures, side, side, (picture, width, height) => {
        const crop = { left: 0, top: 0, width, height };
        const { values } = resampleLikePil(picture, { width, height }, crop);
        expect(values).toHaveLength(width * height * 3);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.min(...picture.values));
        expect(Math.max(...values)).toBeLessThanOrEqual(Math.max(...picture.values));
      }),
    );
  });

  it('computes the same part as cutting the whole result', () => {
    fc.assert(
      fc.property(pictures, side, side, fc.nat(), fc.nat(), (picture, width, height, x, y) => {
        const [left, top] = [x % width, y % height];
        const part = { left, top, width: width - left, height: height - top };
        const all = { left: 0, top: 0, width, height };
        const { values } = resampleLikePil(picture, { width, height }, all);
        const cut = resampleLikePil(picture, { width, height }, part).values;
        for (let row = 0; row < part.height; row++) {
          const start = ((top + row) * width + left) * 3;
          expect(cut.subarray(row * part.width * 3, (row + 1) * part.width * 3)).toEqual(
            values.subarray(start, start + part.width * 3),
          );
        }
      }),
    );
  });
});
