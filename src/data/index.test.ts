import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { datasetNames, loadDataset } from './index.js';
import { temporaryDirectory, writeMiniature } from './testing/files.js';

describe('loadDataset', () => {
  it('loads datasets by name', async () => {
    const root = await temporaryDirectory();
    await writeMiniature(root);
    for (const name of ['digits', 'fashion-mnist', 'mnist']) {
      const { train, test } = await loadDataset(name, { root });
      expect([train.name, test.name]).toEqual([name, name]);
    }
  });

  it.each(datasetNames.filter((name) => name !== 'digits'))(
    'says where it looked for %s, when it is not there',
    async (name) => {
      const root = await temporaryDirectory();
      await expect(loadDataset(name, { root })).rejects.toThrow(UsageError);
      await expect(loadDataset(name, { root })).rejects.toThrow(root);
    },
  );

  it('suggests the nearest name for one that it does not know', async () => {
    const mistyped = loadDataset('fashion-mnsit');
    await expect(mistyped).rejects.toThrow(UsageError);
    await expect(mistyped).rejects.toThrow(
      `there is no dataset named 'fashion-mnsit'; expected one of ${datasetNames.join(', ')}. ` +
        "Did you mean 'fashion-mnist'?",
    );
  });

  it('suggests nothing when no name is near', async () => {
    await expect(loadDataset('omniglot')).rejects.toThrow(
      /expected one of digits, mnist, .*imageyellow$/,
    );
  });
});
