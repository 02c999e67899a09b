import { describe, expect, it } from 'vitest';
import { datasetNames } from '../index.js';
import { loadDigits } from '../readers/digits.js';
import { catalog, findInCatalog } from './catalog.js';

const downloads = catalog.flatMap((entry) =>
  entry.source.kind === 'download'
    ? entry.source.files.map((file) => ({ ...file, entry: entry.name }))
    : [],
);

describe('the catalog', () => {
  it('has every dataset of the project that can be downloaded, once, in order', () => {
    const names = catalog.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    const paper = ['cifar-10', 'cifar-100', 'tiny-imagenet', 'imagenette', 'imagewoof'];
    for (const name of [...paper, 'svhn', ...['digits', 'fashion-mnist', 'mnist']]) {
      expect(findInCatalog(name)?.name).toBe(name);
    }
    expect(datasetNames).toEqual(expect.arrayContaining(['digits', 'fashion-mnist', 'mnist']));
  });

  it('tells of every dataset where it is from and under which terms', () => {
    for (const { name, title, homepage, terms, layout, source } of catalog) {
      expect(title.length, name).toBeGreaterThan(5);
      expect(terms.length, name).toBeGreaterThan(5);
      expect(URL.canParse(homepage), name).toBe(true);
      expect(layout.length > 0, name).toBe(source.kind === 'download');
    }
  });

  it.each(downloads)('$entry: $name can be verified', ({ name, urls, size, hashes }) => {
    expect(Number.isSafeInteger(size) && size > 0).toBe(true);
    expect(hashes.length).toBeGreaterThan(0);
    for (const { algorithm, digest } of hashes) {
      expect(digest).toMatch(algorithm === 'md5' ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/);
    }
    expect(new Set(urls).size).toBe(urls.length);
    for (const url of urls) expect(new URL(url).pathname.endsWith(`/${name}`)).toBe(true);
  });

  it('trusts no unencrypted address without a SHA-256 or another, encrypted one', () => {
    for (const { name, urls, hashes } of downloads) {
      const encrypted = urls.some((url) => url.startsWith('https:'));
      const strong = hashes.some(({ algorithm }) => algorithm === 'sha256');
      expect(encrypted || strong, name).toBe(true);
    }
  });

  it('has no digest twice', () => {
    const digests = downloads.flatMap(({ hashes }) => hashes.map(({ digest }) => digest));
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('lays out what is unpacked below the folder that it unpacks to', () => {
    for (const { name, layout } of catalog) {
      const files = downloads.filter(({ entry }) => entry === name);
      const folders = files.flatMap(({ unpacksTo = [] }) => unpacksTo);
      for (const path of layout) {
        if (folders.length > 0) expect(folders).toContain(path.split('/')[0]);
        else expect(path).not.toContain('/');
      }
    }
  });

  it('counts the digits of the package right', async () => {
    const { train, test } = await loadDigits();
    const images = { train: train.labels.length, test: test.labels.length };
    expect(findInCatalog('digits')).toMatchObject({ images, classes: train.classNames.length });
  });
});
