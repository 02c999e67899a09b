import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../dataset/array-dataset.js';
import { contactSheet } from './contact-sheet.js';

const shape = { channels: 1, height: 1, width: 1 };

describe('a contact sheet', () => {
  it('has a row per class, spread from its first image to its last, and white where there are no more', () => {
    const labels = [0, 1, 0, 0, 0, 0];
    const pixels = Uint8Array.from([0, 51, 102, 153, 204, 102]);
    const dataset = arrayDataset({ name: 'toy', split: 'train', shape, pixels, labels });
    const sheet = contactSheet(dataset, 3);
    expect(sheet.images).toBe(4);
    const expected = [0, 153, 102, 51, 255, 255].map((value) => value / 255);
    expect([...sheet.pixels]).toEqual([...Float32Array.from(expected)]);
  });

  it('takes the first image if only one is wanted, and floats as they are', () => {
    const pixels = Float32Array.from([0.25, 0.5, 0.75]);
    const dataset = arrayDataset({ name: 'toy', split: 'train', shape, pixels, labels: [1, 0, 1] });
    expect([...contactSheet(dataset, 1).pixels]).toEqual([0.5, 0.25]);
  });
});
