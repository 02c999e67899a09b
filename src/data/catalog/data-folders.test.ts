import { resolve } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dataFolders, downloadFolder } from './data-folders.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the places of a dataset', () => {
  it('are the shared folder, the working directory and what the system installs', () => {
    vi.stubEnv('NCFM_DATA', '/shared');
    expect(dataFolders('mnist', { installed: ['/usr/share/mnist'] })).toEqual([
      '/shared/mnist',
      resolve('data/mnist'),
      '/usr/share/mnist',
    ]);
  });

  it('are only those of a root that is named', () => {
    vi.stubEnv('NCFM_DATA', '/shared');
    const root = 'mine';
    const places = [resolve('mine'), resolve('mine/mnist')];
    expect(dataFolders('mnist', { root, installed: ['/usr/share/mnist'] })).toEqual(places);
  });

  it('include the folders that archives unpack to, below each', () => {
    vi.stubEnv('NCFM_DATA', '');
    const home = resolve('data/cifar-10');
    expect(dataFolders('cifar-10', { inside: ['cifar-10-batches-bin'] })).toEqual([
      home,
      resolve(home, 'cifar-10-batches-bin'),
    ]);
  });

  it('include the place where a download goes by itself', () => {
    for (const shared of ['', '/shared']) {
      vi.stubEnv('NCFM_DATA', shared);
      expect(dataFolders('mnist')[0]).toBe(downloadFolder('mnist'));
    }
    expect(downloadFolder('mnist', 'here')).toBe(resolve('here'));
  });
});
