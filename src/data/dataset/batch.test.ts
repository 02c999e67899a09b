import { describe, expect, it } from 'vitest';
import { liveTensors } from '../../tensor/index.js';
import { testDevice } from '../../tensor/testing/on-device.js';
import { arrayDataset } from './array-dataset.js';
import { batch, pixelsToTensor } from './batch.js';

const shape = { channels: 2, height: 1, width: 2 };

describe('pixelsToTensor', () => {
  it('scales bytes to [0, 1]', () => {
    using images = pixelsToTensor(Uint8Array.of(0, 51, 102, 255), 1, shape, testDevice);
    expect(images.shape).toEqual([1, 2, 1, 2]);
    expect(images.dtype).toBe('float32');
    expect(images.toFloat32Array()).toEqual(Float32Array.of(0, 0.2, 0.4, 1));
  });

  it('takes floats as they are', () => {
    const pixels = Float32Array.of(0, 0.25, 0.5, 1);
    using images = pixelsToTensor(pixels, 1, shape, testDevice);
    expect(images.shape).toEqual([1, 2, 1, 2]);
    expect(images.toFloat32Array()).toEqual(pixels);
  });

  it('refuses pixels that are not that many images', () => {
    const before = liveTensors();
    expect(() => pixelsToTensor(new Uint8Array(7), 2, shape, testDevice)).toThrow(/8 .*7/);
    expect(liveTensors()).toBe(before);
  });
});

describe('batch', () => {
  const dataset = arrayDataset({
    name: 'tiny',
    split: 'train',
    shape,
    pixels: Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255, 51, 51, 51, 51),
    labels: [0, 1, 2],
  });

  it('gives the chosen images and their labels, in order', () => {
    const { images, labels } = batch(dataset, [2, 0, 2], testDevice);
    expect(images.shape).toEqual([3, 2, 1, 2]);
    expect(Array.from(images.toFloat32Array())).toEqual(
      [0.2, 0, 0.2].flatMap((value) => Array(4).fill(Math.fround(value))),
    );
    expect(labels.toArray()).toEqual(BigInt64Array.of(2n, 0n, 2n));
    images.dispose();
    labels.dispose();
  });

  it('leaves no tensors behind but the two', () => {
    const before = liveTensors();
    const { images, labels } = batch(dataset, [0, 1], testDevice);
    expect(liveTensors()).toBe(before + 2);
    images.dispose();
    labels.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('refuses an index that does not exist, making no tensors', () => {
    const before = liveTensors();
    expect(() => batch(dataset, [3], testDevice)).toThrow('image index 3');
    expect(liveTensors()).toBe(before);
  });
});
