import { describe, expect, it } from 'vitest';
import { scope } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { tensor } from '../tensor/testing/on-device.js';
import { pixelsInOrder, shuffleBands } from './bands.js';

describe('bands', () => {
  it('are as long as the patches of a mosaic: the first a pixel longer where a side does not divide', () => {
    expect(pixelsInOrder(5, [1, 0])).toEqual([3, 4, 0, 1, 2]);
    expect(pixelsInOrder(8, [2, 0, 1])).toEqual([6, 7, 0, 1, 2, 3, 4, 5]);
  });

  it('move the patches of each image as its own order says', () => {
    scope(() => {
      const images = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 2, 2]);
      const orders = [
        { columns: [1, 0], rows: [0, 1] },
        { columns: [0, 1], rows: [1, 0] },
      ];
      expect(numbers(shuffleBands(images, orders))).toEqual([2, 1, 4, 3, 7, 8, 5, 6]);
    });
  });
});
