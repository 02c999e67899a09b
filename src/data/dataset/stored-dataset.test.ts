import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDigits } from '../readers/digits.js';
import { temporaryDirectory } from '../testing/files.js';
import { arrayDataset } from './array-dataset.js';
import { openStoredDataset, storeDataset } from './stored-dataset.js';
import { subset } from './subset.js';

const floats = arrayDataset({
  name: 'floats',
  split: 'train',
  shape: { channels: 1, height: 1, width: 3 },
  pixels: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 0.1),
  labels: [0, 1],
});

describe('a stored dataset', () => {
  it.each([
    ['bytes', async () => (await loadDigits()).test],
    ['floats', async () => floats],
    ['a part that lacks classes', async () => subset((await loadDigits()).train, [5, 3], 'part')],
  ])('of %s is what was stored', async (_, load) => {
    const dataset = await load();
    const folder = join(await temporaryDirectory(), 'stored');
    storeDataset(dataset, folder);
    const opened = openStoredDataset(folder);
    const { read: _own, ...rest } = opened;
    const { read: _read, hash, ...expected } = dataset;
    expect(rest).toEqual({ ...expected, hash });
    const order = [1, 0, 1];
    expect(opened.read(order)).toEqual(dataset.read(order));
    expect(() => opened.read([dataset.labels.length])).toThrow(/does not exist/);
  });

  it('that is missing or cut short is refused', async () => {
    const folder = await temporaryDirectory();
    expect(() => openStoredDataset(folder)).toThrow(/holds no dataset/);
    storeDataset(floats, folder);
    truncateSync(join(folder, 'pixels'), 5);
    expect(() => openStoredDataset(folder)).toThrow(/pixels/);
    rmSync(join(folder, 'pixels'));
    expect(() => openStoredDataset(folder)).toThrow(/pixels/);
  });
});
