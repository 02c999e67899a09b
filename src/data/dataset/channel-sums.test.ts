import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ImageShape, Normalization } from '../../core/image-shape.js';
import { ChannelSums } from './channel-sums.js';
import { computeNormalization } from './dataset.js';

function expectSame(actual: Normalization, expected: Normalization): void {
  for (const [channel, mean] of expected.mean.entries()) {
    expect(actual.mean[channel]).toBeCloseTo(mean, 13);
    expect(actual.std[channel]).toBeCloseTo(expected.std[channel]!, 13);
  }
  expect([actual.mean.length, actual.std.length]).toEqual([
    expected.mean.length,
    expected.std.length,
  ]);
}

it('sums of channels give the normalisation of all images together, whatever their size and however they are cut', () => {
  const arrays = fc
    .record({
      images: fc.integer({ min: 1, max: 6 }),
      channels: fc.integer({ min: 1, max: 4 }),
      height: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 9 }),
      misalignment: fc.nat(3),
    })
    .chain(({ images, misalignment, ...shape }) => {
      const length = images * shape.channels * shape.height * shape.width;
      const pixels = fc.uint8Array({ minLength: length, maxLength: length });
      return fc.record({
        shape: fc.constant(shape),
        pixels,
        misalignment: fc.constant(misalignment),
        cut: fc.nat(images),
      });
    });
  fc.assert(
    fc.property(arrays, ({ shape, pixels, misalignment, cut }) => {
      const moved = new Uint8Array(pixels.length + misalignment).subarray(misalignment);
      moved.set(pixels);
      const stride = shape.channels * shape.height * shape.width;
      const sums = new ChannelSums(shape);
      sums.add(moved.subarray(0, cut * stride));
      sums.add(moved.subarray(cut * stride));
      expectSame(sums.normalization(), computeNormalization(pixels, shape));
    }),
  );
});

it.each([
  ['white', 255, 255],
  ['nearly white', 255, 254],
  ['black and white', 0, 255],
])('sums of large channels are exact: %s', (_, most, last) => {
  const shape: ImageShape = { channels: 1, height: 1000, width: 1100 };
  const sums = new ChannelSums(shape);
  const pixels = new Uint8Array(1_100_000).fill(most);
  pixels[pixels.length - 1] = last;
  sums.add(pixels);
  // Of one value that differs among n: mean and deviation by hand.
  const n = pixels.length;
  const mean = (most + (last - most) / n) / 255;
  const std = (Math.abs(last - most) * Math.sqrt(n - 1)) / n / 255;
  expect(sums.normalization().mean[0]).toBeCloseTo(mean, 15);
  expect(sums.normalization().std[0]).toBeCloseTo(std === 0 ? 1 : std, 15);
});
