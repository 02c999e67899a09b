import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../../core/errors.js';
import { pixelsPerImage } from '../dataset/dataset.js';
import { temporaryDirectory } from '../testing/files.js';
import { generatedPictures } from '../testing/generated-pictures.js';
import { cachePath, openCached } from './open-cached.js';
import { verifyCached } from './verify-cached.js';

describe('a damaged file in the cache', () => {
  const source = generatedPictures({ images: 12, channels: 3 });

  /** 250 ways to damage a file: cut short, made longer, bytes around the pixels changed, sizes replaced. */
  function* mutations(whole: Buffer, end: number): Generator<readonly [string, Buffer]> {
    for (let index = 0; index < 60; index++) {
      const length = Math.floor((whole.length * index) / 60);
      yield [`cut to ${length} bytes`, whole.subarray(0, length)];
    }
    yield ['one byte longer', Buffer.concat([whole, Buffer.alloc(1)])];
    // What lies between is padding, which means nothing, and the pixels.
    const used = 24 + whole.length - end;
    for (let index = 0; index < 170; index++) {
      const copy = Buffer.from(whole);
      const at = Math.floor((used * index) / 170);
      const offset = at < 24 ? at : end + at - 24;
      copy[offset]! ^= 1 << (index % 8);
      yield [`bit ${index % 8} of byte ${offset} flipped`, copy];
    }
    const text = whole.toString('latin1');
    for (const [before, after] of [
      ['"images":12', '"images":99'],
      ['"images":12', '"images":1e'],
      ['"height":5', '"height":9'],
      ['"channels":3', '"channels":0'],
    ] as const) {
      yield [`${before} to ${after}`, Buffer.from(text.replace(before, after), 'latin1')];
    }
    for (const claim of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
      const copy = Buffer.from(whole);
      copy.writeUInt32LE(claim, 12);
      yield [`a header of ${claim} bytes`, copy];
      const other = Buffer.from(whole);
      const version = claim === 1 ? 3 : claim;
      other.writeUInt32LE(version, 8);
      yield [`another version (${version})`, other];
    }
  }

  it('is noticed and made anew, whatever the damage', async () => {
    const folder = await temporaryDirectory();
    const expected = await openCached(source, { folder });
    const path = await cachePath(source, folder);
    const whole = readFileSync(path);
    const end = 4096 + 12 * pixelsPerImage(source.shape);
    let tried = 0;
    for (const [what, bytes] of mutations(whole, end)) {
      writeFileSync(path, bytes);
      const notes: string[] = [];
      const dataset = await openCached(source, { folder, onNote: (note) => notes.push(note) });
      expect(notes, what).toEqual([expect.stringMatching(/decoded again$/)]);
      expect(dataset.hash, what).toBe(expected.hash);
      expect(readFileSync(path).equals(whole), what).toBe(true);
      tried += 1;
    }
    expect(tried).toBeGreaterThanOrEqual(230);
  });

  it('takes no memory for the sizes that it claims', async () => {
    const folder = await temporaryDirectory();
    await openCached(source, { folder });
    const path = await cachePath(source, folder);
    const text = readFileSync(path, 'latin1');
    const [declared] = /"images":12,"classNames":\[.*?\]/.exec(text)!;
    const before = process.memoryUsage().rss;
    for (const claim of ['"images":9e9', '"images":9e15', '"images":1e99']) {
      writeFileSync(path, text.replace(declared, claim.padEnd(declared.length)), 'latin1');
      await expect(verifyCached(source, folder)).rejects.toThrow(
        /can't be used \((it has|its header)/,
      );
    }
    // The least of them claims 225 GB; what else the process takes meanwhile is its own affair.
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
  });

  it('cannot be made anew if a folder has its name, which is said', async () => {
    const folder = await temporaryDirectory();
    mkdirSync(await cachePath(source, folder));
    const notes: string[] = [];
    const opening = openCached(source, { folder, onNote: (note) => notes.push(note) });
    await expect(opening).rejects.toThrow(FailureError);
    expect(notes).toEqual([expect.stringContaining('is damaged (EISDIR')]);
  });

  it('may have changed pixels, which verifying finds', async () => {
    const folder = await temporaryDirectory();
    await openCached(source, { folder });
    const path = await cachePath(source, folder);
    const whole = readFileSync(path);
    const pixels = 12 * pixelsPerImage(source.shape);
    for (let index = 0; index < 50; index++) {
      const copy = Buffer.from(whole);
      copy[4096 + Math.floor((pixels * index) / 50)]! ^= 1 << (index % 8);
      writeFileSync(path, copy);
      const verifying = verifyCached(source, folder);
      await expect(verifying).rejects.toThrow(UsageError);
      await expect(verifying).rejects.toThrow(
        `${path}: it was changed since it was written; delete it`,
      );
    }
    rmSync(path);
    await expect(verifyCached(source, folder)).rejects.toThrow(`${path}: it can't be used (ENOENT`);
  });

  it('is verified with progress, and not to the end when that is not wanted', async () => {
    const folder = await temporaryDirectory();
    await openCached(source, { folder });
    const progress: unknown[] = [];
    await verifyCached(source, folder, { onProgress: (...counts) => progress.push(counts) });
    expect(progress.at(-1)).toEqual([12, 12]);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(verifyCached(source, folder, { signal })).rejects.toThrow('stopped');
  });
});
