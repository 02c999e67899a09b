import { describe, expect, it } from 'vitest';
import { hostDevice } from '../tensor/testing/on-device.js';
import { usualImagesAtOnce } from './images-at-once.js';

const cifar = { height: 32, width: 32 };
const gigabyte = 1024 ** 3;

describe('usualImagesAtOnce', () => {
  it("is the same for every image on the CPU, by the processor's caches", () => {
    const large = usualImagesAtOnce(hostDevice, { height: 224, width: 224 });
    expect(large).toEqual({ forward: 256, backward: 128 });
    expect(usualImagesAtOnce(hostDevice, cifar)).toEqual(large);
  });

  it("grows with a card's free memory and shrinks with the images' size", () => {
    const at = (free: number, side = 32) =>
      usualImagesAtOnce('cuda:0', { height: side, width: side }, free * gigabyte);
    // A quarter of 8 GiB, in maps of 512 KiB: 2 of them forward, 8 with gradients.
    expect(at(8)).toEqual({ forward: 2048, backward: 512 });
    expect(at(8, 64)).toEqual({ forward: 512, backward: 128 });
    expect(at(140)).toEqual({ forward: 8192, backward: 8192 });
  });

  it('never goes below what keeps a processor busy', () => {
    expect(usualImagesAtOnce('cuda:0', { height: 224, width: 224 }, gigabyte)).toEqual({
      forward: 128,
      backward: 128,
    });
  });
});
