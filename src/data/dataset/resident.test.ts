import { afterEach, expect, it } from 'vitest';
import {
  liveTensors,
  scope,
  setGpuOptions,
  standInDevice,
  synchronizingCalls,
  usualGpuOptions,
} from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import { describeOnStandIn, testDevice } from '../../tensor/testing/on-device.js';
import { arrayDataset } from './array-dataset.js';
import { imagesOf } from './batch.js';
import type { Dataset } from './dataset.js';
import { keepResident, residentPixels } from './resident.js';

const shape = { channels: 3, height: 2, width: 5 };
const labels = Int32Array.from({ length: 6 }, (_, index) => index % 2);
const device = standInDevice;

function made(kind: 'bytes' | 'floats'): Dataset & { readonly reads: () => number } {
  const bytes = Uint8Array.from({ length: 6 * 30 }, (_, index) => (index * 37) % 256);
  const pixels = kind === 'bytes' ? bytes : Float32Array.from(bytes, (value) => value / 256);
  const dataset = arrayDataset({ name: 'made', split: 'train', shape, pixels, labels });
  let reads = 0;
  return {
    ...dataset,
    read: (indices) => {
      reads += 1;
      return dataset.read(indices);
    },
    reads: () => reads,
  };
}

afterEach(() => setGpuOptions(usualGpuOptions));

describeOnStandIn('a dataset that stays on a device', () => {
  const indices = [5, 0, 0, 3];

  it.each(['bytes', 'floats'] as const)('gives the same images as one that is read: %s', (kind) => {
    const dataset = made(kind);
    const values = () => scope(() => numbers(imagesOf(dataset, indices, device)));
    const read = values();
    const before = liveTensors();
    {
      using _pixels = keepResident(dataset, device);
      const { reads } = dataset;
      const earlier = reads();
      const waits = synchronizingCalls();
      scope(() => {
        const images = imagesOf(dataset, indices, device);
        expect([images.shape, images.dtype]).toEqual([[4, 3, 2, 5], 'float32']);
      });
      expect(synchronizingCalls()).toBe(waits);
      expect(values()).toEqual(read);
      expect(reads()).toBe(earlier);
      expect(() => imagesOf(dataset, [6], device)).toThrow(/6/);
    }
    expect(liveTensors()).toBe(before);
    expect(residentPixels(dataset, device)).toBeUndefined();
  });

  it('is there once, until its first owner lets it go', () => {
    const dataset = made('bytes');
    const outer = keepResident(dataset, device);
    keepResident(dataset, device)[Symbol.dispose]();
    expect(residentPixels(dataset, device)?.shape).toEqual([6, 3, 2, 5]);
    outer[Symbol.dispose]();
    expect(residentPixels(dataset, device)).toBeUndefined();
  });

  it('is read as before for another device', () => {
    const dataset = made('bytes');
    using _pixels = keepResident(dataset, device);
    expect(scope(() => imagesOf(dataset, [1], testDevice).device)).toBe(testDevice);
  });

  it.each([
    ['never', false],
    ['auto', true],
    ['always', true],
  ] as const)('is one only where that is wanted: %s', (residentData, is) => {
    setGpuOptions({ ...usualGpuOptions, residentData });
    const dataset = made('bytes');
    using _pixels = keepResident(dataset, device);
    expect(residentPixels(dataset, device) !== undefined).toBe(is);
  });
});
