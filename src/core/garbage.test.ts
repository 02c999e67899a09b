import { gunzip, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { collectGarbage } from './garbage.js';

it('collects what nothing refers to any more, and nothing else', async () => {
  const kept = Array.from({ length: 10 });
  const [left, other] = [new WeakRef(Array.from({ length: 10 })), new WeakRef(kept)];
  await new Promise((resolve) => setImmediate(resolve));
  await collectGarbage();
  expect(left.deref()).toBeUndefined();
  expect(other.deref()).toBe(kept);
});

it('collects the buffers of what was unpacked', async () => {
  const size = 2 ** 26;
  const packed = gzipSync(new Uint8Array(size));
  const before = process.memoryUsage().arrayBuffers;
  await new Promise((resolve) => gunzip(packed, () => resolve(undefined)));
  await collectGarbage();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size / 2);
});
