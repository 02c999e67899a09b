import { describe, expect, it } from 'vitest';
import { UsageError } from '../tensor/errors.js';
import { datasetNames, loadDataset } from './index.js';
import { temporaryDirectory, writeMiniature } from './testing/files.js';

describe('loadDataset', () => {
  it('loads every dataset that it names', async () => {
    const root = await temporaryDirectory();
    await writeMiniature(root);
    expect(datasetNames).toEqual(['digits', 'fashion-mnist', 'mnist']);
    for (const name of datasetNames) {
      const { train, test } = await loadDataset(name, { root });
      expect([train.name, test.name]).toEqual([name, name]);
    }
  });

  it('suggests the nearest name for one that it does not know', async () => {
    const mistyped = loadDataset('fashion-mnsit');
    await expect(mistyped).rejects.toThrow(UsageError);
    await expect(mistyped).rejects.toThrow(
      "There is no dataset named 'fashion-mnsit'; expected one of digits, fashion-mnist, mnist. " +
        "Did you mean 'fashion-mnist'?",
    );
  });

  it('suggests nothing when no name is near', async () => {
    await expect(loadDataset('imagenet-21k')).rejects.toThrow(
      /expected one of digits, fashion-mnist, mnist\.$/,
    );
  });
});
