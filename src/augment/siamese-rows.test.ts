import { describe, expect, it } from 'vitest';
import { scope } from '../tensor/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { applySiamese, applySiameseRows, drawSiamese, dsaSiamese } from './siamese.js';
import { expectPixels, normalImages, reader } from './testing/images.js';

const drawn = drawSiamese(
  { ...dsaSiamese, choose: 'all' },
  { groups: 3, height: 7, width: 9, random: new RandomGenerator(4) },
);

describe('applySiameseRows', () => {
  it('does to any run of images what happens to them in the whole batch', () => {
    scope(() => {
      const images = normalImages([12, 3, 7, 9]);
      const whole = applySiamese(images, drawn);
      for (let first = 0; first < 12; first++) {
        for (let length = 1; first + length <= 12; length++) {
          const rows = applySiameseRows(images.narrow(0, first, length), drawn, {
            first,
            perGroup: 4,
          });
          expectPixels(rows, reader(whole.narrow(0, first, length).contiguous()));
        }
      }
    });
  });

  it('refuses images outside of the batch', () => {
    scope(() => {
      const images = normalImages([3, 3, 7, 9]);
      for (const first of [-1, 10]) {
        expect(() => applySiameseRows(images, drawn, { first, perGroup: 4 })).toThrow(RangeError);
      }
    });
  });
});
