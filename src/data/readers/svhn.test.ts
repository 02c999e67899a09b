import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arraysPath, goldenArrays, pixelHash } from '../testing/arrays.js';
import { describeCorruption } from '../testing/corruption-suite.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { temporaryDirectory } from '../testing/files.js';
import { loadSvhn } from './svhn.js';

const root = arraysPath('svhn');

describeDataset('SVHN', () => loadSvhn({ root }), {
  name: 'svhn',
  shape: [3, 32, 32],
  classes: 10,
  trainImages: 20,
  testImages: 10,
});

for (const part of ['train', 'test'] as const) {
  describeCorruption(`a ${part === 'train' ? 'compressed' : 'plain'} MAT file`, {
    place: async (folder) => {
      await cp(root, folder, { recursive: true });
      return join(folder, `${part}_32x32.mat`);
    },
    load: async (folder) => (await loadSvhn({ root: folder }))[part],
    *extra(bytes) {
      for (const claim of [0, 7, 2 ** 31, 2 ** 32 - 1]) {
        const copy = Buffer.from(bytes);
        copy.writeUInt32LE(claim, 132);
        yield [`an element of ${claim} bytes`, copy];
      }
    },
  });
}

describe('SVHN', () => {
  it('has the labels and pixels that Python put into its files, the digit 0 as class 0', async () => {
    const pair = await loadSvhn({ root });
    for (const part of ['train', 'test'] as const) {
      expect([...pair[part].labels]).toEqual(goldenArrays.svhn[part].labels);
      expect(pixelHash(pair[part])).toBe(goldenArrays.svhn[part].sha256);
    }
  });

  it('says where it looked, and how to get the files', async () => {
    await expect(loadSvhn({ root: await temporaryDirectory() })).rejects.toThrow(
      /svhn: its files were not found; looked in .*ncfm data get svhn/,
    );
  });
});
