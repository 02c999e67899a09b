import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { temporaryDirectory } from '../testing/files.js';
import { MappedImages } from './mapped-images.js';

const offset = 4096;

it('mapped images are the same however much of them is mapped at once', async () => {
  const path = join(await temporaryDirectory(), 'images');
  const sizes = fc.record({
    stride: fc.integer({ min: 1, max: 3000 }),
    count: fc.integer({ min: 1, max: 30 }),
    segment: fc.integer({ min: 1, max: 20_000 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(sizes, ({ stride, count, segment, seed }) => {
      const content = Buffer.alloc(offset + stride * count);
      for (let at = offset; at < content.length; at++) content[at] = Math.imul(at, seed | 1) >>> 24;
      writeFileSync(path, content);
      const images = new MappedImages(path, offset, count, stride, segment);
      const order = Array.from({ length: 2 * count }, (_, row) => (row * 7 + seed) % count);
      const expected = order.map((index) => {
        const start = offset + index * stride;
        return content.subarray(start, start + stride);
      });
      expect(Buffer.concat(expected).equals(images.gather(order))).toBe(true);
    }),
  );
});

it('images that a file does not hold are not mapped', async () => {
  const path = join(await temporaryDirectory(), 'images');
  writeFileSync(path, Buffer.alloc(offset + 99));
  expect(() => new MappedImages(path, offset, 10, 10, 25)).toThrow(UsageError);
  expect(() => new MappedImages(path, offset, 10, 10, 25)).toThrow(path);
});
