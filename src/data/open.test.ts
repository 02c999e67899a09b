import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { openDataset } from './open.js';
import { arraysPath } from './testing/arrays.js';
import { temporaryDirectory } from './testing/files.js';
import { paintPicture, writeFiles, writePictures } from './testing/picture-folders.js';

/** Opens a path and gives what was told of it, too. */
async function open(path: string, cache: string, settings: object = {}) {
  const notes: string[] = [];
  const progress: string[] = [];
  const pair = await openDataset(
    { path, ...settings },
    {
      cache,
      onNote: (note) => notes.push(note),
      onProgress: ({ data, done, total }) => progress.push(`${data} ${done}/${total}`),
    },
  );
  return { ...pair, notes, progress };
}

describe('openDataset, given a path', () => {
  it('decodes a folder of class folders once, choosing size and channels and saying so', async () => {
    const [folder, cache] = [await temporaryDirectory(), await temporaryDirectory()];
    await writePictures(folder, ['cat', 'dog'], 10);
    await writeFiles(folder, { 'cat/notes.txt': 'not a picture' });
    const first = await open(folder, cache);
    expect(first.train.shape).toEqual({ channels: 3, height: 32, width: 32 });
    expect(first.train.classNames).toEqual(['cat', 'dog']);
    expect(first.train.labels.length + first.test.labels.length).toBe(20);
    expect(first.test.normalization).toEqual(first.train.normalization);
    expect(first.notes).toEqual([
      expect.stringMatching(/no test part: \d of 20 pictures are held out/),
      expect.stringMatching(/become colour and 32×32, chosen by \d+ of them/),
      expect.stringMatching(/left out: notes.txt/),
    ]);
    expect(first.progress).toHaveLength(2);
    const again = await open(folder, cache);
    expect(again.progress).toEqual([]);
    expect(again.train.hash).toBe(first.train.hash);
  });

  it('decodes again when a picture has changed', async () => {
    const [folder, cache] = [await temporaryDirectory(), await temporaryDirectory()];
    await writePictures(folder, ['train/cat', 'train/dog', 'test/cat', 'test/dog'], 3);
    const first = await open(folder, cache, { size: 8, channels: 1 });
    expect(first.train.shape).toEqual({ channels: 1, height: 8, width: 8 });
    const changed = join(folder, 'train/cat/0.jpg');
    writeFileSync(changed, await paintPicture(99));
    utimesSync(changed, 1, 1);
    const second = await open(folder, cache, { size: 8, channels: 1 });
    expect(second.train.hash).not.toBe(first.train.hash);
    expect(second.test.hash).toBe(first.test.hash);
    expect(readdirSync(cache).filter((name) => name.endsWith('.images'))).toHaveLength(3);
  });

  it('reads a file of arrays', async () => {
    const { train, notes } = await open(arraysPath('keras.npz'), await temporaryDirectory());
    expect([train.name, train.labels.length, notes]).toEqual(['keras', 9, []]);
  });

  it('says what it expects of a path that is no data', async () => {
    const folder = await temporaryDirectory();
    writeFileSync(join(folder, 'pets.csv'), 'a,b');
    for (const [name, message] of [
      ['absent', /absent: the data can't be read/],
      [
        'pets.csv',
        /pets.csv: expected a folder of class folders, or a .npz, .safetensors or .parquet/,
      ],
      ['.', /there are no folders here; expected one folder of pictures per class/],
    ] as const) {
      const opening = open(join(folder, name), folder);
      await expect(opening).rejects.toThrow(UsageError);
      await expect(opening).rejects.toThrow(message);
    }
  });
});
