import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailureError } from '../../core/errors.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { openImageFolder } from '../readers/image-folder.js';
import { temporaryDirectory } from '../testing/files.js';
import { petPixels, petSide, writePet, writePets } from '../testing/pets.js';
import { openCached } from './open-cached.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** As if the files had been written some time ago: what was written just now is not remembered. */
function later(): void {
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
}

/** The training part of a folder, and what is done with it. */
async function watched(root: string) {
  const { train } = await openImageFolder(root, { size: petSide, channels: 1 });
  let [decoded, read] = [0, 0];
  const source: PictureSource = {
    ...train,
    decode: (index, scale) => {
      decoded += 1;
      return train.decode(index, scale);
    },
  };
  const onReading = (done: number) => {
    read = done;
  };
  return { source, onReading, counts: () => ({ decoded, read }) };
}

async function open(root: string, folder: string, options: { thorough?: boolean } = {}) {
  const { source, onReading, counts } = await watched(root);
  const dataset = await openCached(source, { folder, onReading, ...options });
  return { dataset, ...counts() };
}

describe('decoded pictures are known by what their files hold', () => {
  it('and not by their name, size and time, which two sets may share', async () => {
    const base = await temporaryDirectory();
    const [one, other] = [join(base, 'one', 'pets'), join(base, 'other', 'pets')];
    writePets(one, { cats: 20, dogs: 220 });
    writePets(other, { cats: 220, dogs: 20 });
    const [a, b] = [one, other].map((root) => statSync(join(root, 'train', 'cat', '1.tif')));
    expect([a!.size, a!.mtimeMs]).toEqual([b!.size, b!.mtimeMs]);
    const cache = join(base, 'cache');
    const first = await open(one, cache);
    const second = await open(other, cache);
    expect(second.dataset.hash).not.toBe(first.dataset.hash);
    expect(second.dataset.read([0])[0]).toBeGreaterThan(200);
    expect(second.decoded).toBe(8);
  });

  it('wherever they lie, so that a set that was moved is not decoded again', async () => {
    const base = await temporaryDirectory();
    const [one, other] = [join(base, 'here', 'pets'), join(base, 'there', 'pets')];
    writePets(one, { cats: 20, dogs: 220 });
    const cache = join(base, 'cache');
    const first = await open(one, cache);
    cpSync(one, other, { recursive: true });
    const second = await open(other, cache);
    expect(second).toMatchObject({ decoded: 0, read: 8 });
    expect(second.dataset.hash).toBe(first.dataset.hash);
  });

  it('so that a file that is only touched is the same', async () => {
    const base = await temporaryDirectory();
    const root = join(base, 'pets');
    writePets(root, { cats: 20, dogs: 220 });
    await open(root, join(base, 'cache'));
    utimesSync(join(root, 'train', 'cat', '1.tif'), 5, 6);
    expect((await open(root, join(base, 'cache'))).decoded).toBe(0);
  });

  it('so that only new pictures of a set are decoded', async () => {
    const base = await temporaryDirectory();
    const root = join(base, 'pets');
    writePets(root, { cats: 20, dogs: 220 });
    const first = await open(root, join(base, 'cache'));
    const path = (await watched(root)).source.describe(3);
    writePet(path, petPixels(90, 1));
    const second = await open(root, join(base, 'cache'));
    expect(second.decoded).toBe(1);
    expect(second.dataset.read([0])).toEqual(first.dataset.read([0]));
    expect(second.dataset.read([3])).toEqual(petPixels(90, 1));
  });
});

describe('what is remembered of files', () => {
  /** A set that has been opened, and is remembered. */
  async function remembered() {
    const base = await temporaryDirectory();
    const [root, cache] = [join(base, 'pets'), join(base, 'cache')];
    writePets(root, { cats: 20, dogs: 220 });
    later();
    const first = await open(root, cache);
    expect(first).toMatchObject({ read: 8, decoded: 8 });
    const [table] = readdirSync(cache).filter((name) => name.endsWith('.contents'));
    return { base, root, cache, hash: first.dataset.hash, table: join(cache, table!) };
  }

  it('saves reading them again', async () => {
    const { root, cache, hash } = await remembered();
    const again = await open(root, cache);
    expect(again).toMatchObject({ read: 0, decoded: 0 });
    expect(again.dataset.hash).toBe(hash);
  });

  it('does not hide a change that leaves size and time as they were', async () => {
    const { root, cache, hash } = await remembered();
    const path = (await watched(root)).source.describe(2);
    writePet(path, petPixels(99, 3));
    const again = await open(root, cache);
    expect(again.dataset.hash).not.toBe(hash);
    expect(again.dataset.read([2])).toEqual(petPixels(99, 3));
  });

  it('does not hide that another file has taken the place of one', async () => {
    const { base, root, cache, hash } = await remembered();
    const path = (await watched(root)).source.describe(2);
    const other = join(base, 'other.tif');
    writePet(other, petPixels(99, 3));
    renameSync(other, path);
    expect((await open(root, cache)).dataset.hash).not.toBe(hash);
  });

  it('is not believed of files that were written just before', async () => {
    const base = await temporaryDirectory();
    const [root, cache] = [join(base, 'pets'), join(base, 'cache')];
    writePets(root, { cats: 20, dogs: 220 });
    expect((await open(root, cache)).read).toBe(8);
    expect((await open(root, cache)).read).toBe(8);
  });

  it('is not believed of another folder, whatever it is called', async () => {
    const { base, cache, table } = await remembered();
    const other = join(base, 'elsewhere', 'pets');
    writePets(other, { cats: 30, dogs: 200 });
    const before = readdirSync(cache);
    await open(other, cache);
    const added = readdirSync(cache).find(
      (name) => name.endsWith('.contents') && !before.includes(name),
    );
    copyFileSync(table, join(cache, added!));
    expect((await open(other, cache)).read).toBe(8);
  });

  it('is not believed if it was damaged', async () => {
    const { root, cache, table, hash } = await remembered();
    const bytes = readFileSync(table);
    for (const position of [0, 40, 200, Math.floor(bytes.length / 2), bytes.length - 2]) {
      const damaged = Buffer.from(bytes);
      damaged[position]! ^= 4;
      writeFileSync(table, damaged);
      const again = await open(root, cache);
      expect(again).toMatchObject({ read: 8, decoded: 0 });
      expect(again.dataset.hash).toBe(hash);
    }
  });

  it('is not asked if all is to be read, pixels too', async () => {
    const { root, cache } = await remembered();
    expect(await open(root, cache, { thorough: true })).toMatchObject({ read: 8, decoded: 0 });
    const [images] = readdirSync(cache).filter((name) => name.endsWith('.images'));
    const bytes = readFileSync(join(cache, images!));
    bytes[5000]! ^= 1;
    writeFileSync(join(cache, images!), bytes);
    const mended = await open(root, cache, { thorough: true });
    expect(mended).toMatchObject({ read: 8, decoded: 8 });
  });

  it('is not needed: where it cannot be written, that is said', async () => {
    const { root, cache, table } = await remembered();
    // No file can be renamed to a folder.
    const { source } = await watched(root);
    writeFileSync(source.describe(0), readFileSync(source.describe(0)));
    rmSync(table);
    await mkdir(join(table, 'folder'), { recursive: true });
    const notes: string[] = [];
    await openCached(source, { folder: cache, onNote: (note) => notes.push(note) });
    expect(notes).toEqual([expect.stringContaining("can't be remembered")]);
  });
});

it('a set that changes while it is decoded is refused, and nothing of it is kept', async () => {
  const base = await temporaryDirectory();
  const [root, cache] = [join(base, 'pets'), join(base, 'cache')];
  writePets(root, { cats: 20, dogs: 220 });
  const { source } = await watched(root);
  const path = source.describe(1);
  const changing: PictureSource = {
    ...source,
    decode: (index) => {
      if (index === 6) {
        writePet(path, petPixels(70, 2));
      }
      return source.decode(index);
    },
  };
  const opening = openCached(changing, { folder: cache });
  await expect(opening).rejects.toThrow(FailureError);
  await expect(opening).rejects.toThrow(`${path}: it changes while it is read`);
  expect(readdirSync(cache).filter((name) => name.endsWith('.images'))).toEqual([]);
});
