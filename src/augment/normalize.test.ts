import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { grad, scope } from '../tensor/index.js';
import { tensor } from '../tensor/testing/on-device.js';
import { denormalize, normalize } from './normalize.js';
import { expectOneNewTensor, expectPixels, normalImages, reader } from './testing/images.js';

const statistics = { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] };

describe('normalize', () => {
  it("subtracts each channel's mean and divides by its standard deviation", () => {
    scope(() => {
      const images = normalImages([2, 3, 7, 9]);
      const value = reader(images);
      expectPixels(
        normalize(images, statistics),
        (n, c, y, x) => (value(n, c, y, x) - statistics.mean[c]!) / statistics.std[c]!,
      );
    });
  });

  it('is undone by denormalize', () => {
    scope(() => {
      const images = normalImages([2, 3, 7, 9]);
      expectPixels(denormalize(normalize(images, statistics), statistics), reader(images));
      const grey = normalImages([4, 1, 5, 3]);
      const one = { mean: [0.1307], std: [0.3081] };
      expectPixels(denormalize(normalize(grey, one), one), reader(grey));
    });
  });

  it('passes gradients on, divided by the standard deviation', () => {
    scope(() => {
      const images = normalImages([2, 3, 2, 2]).setRequiresGrad(true);
      const [gradient] = grad([normalize(images, statistics).sum()], [images]);
      expectPixels(gradient!, (_n, c) => 1 / statistics.std[c]!);
    });
  });

  it('keeps the element type and leaves no other tensor behind', () => {
    using images = normalImages([2, 3, 4, 4], 'float32');
    expectOneNewTensor(() => normalize(images, statistics));
    expectOneNewTensor(() => denormalize(images, statistics));
    using normalized = normalize(images, statistics);
    expect(normalized.dtype).toBe('float32');
  });

  it('refuses statistics that do not fit the images', () => {
    scope(() => {
      const images = normalImages([2, 3, 4, 4]);
      expect(() => normalize(images, { mean: [0.5], std: [0.5] })).toThrow(
        new UsageError(
          'images of 3 channels need 3 means and standard deviations to be normalised, got 1 and 1',
        ),
      );
      expect(() => denormalize(images, { mean: [0, 0, 0], std: [1, 0, 1] })).toThrow(
        'the standard deviation of channel 1 must be positive, got 0',
      );
    });
  });

  it('refuses what is not a batch of floating-point images', () => {
    scope(() => {
      const one = { mean: [0], std: [1] };
      expect(() => normalize(normalImages([3, 4, 4]), one)).toThrow(
        'images have the shape [n, channels, height, width], got [3, 4, 4]',
      );
      const bytes = tensor(new Uint8Array(4), [1, 1, 2, 2]);
      expect(() => normalize(bytes, one)).toThrow('images must be floating-point, got uint8');
    });
  });
});
