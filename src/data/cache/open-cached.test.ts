import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../../tensor/errors.js';
import { computeNormalization, hashDataset, pixelsPerImage } from '../dataset.js';
import type { PictureSource } from '../pictures.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { temporaryDirectory, withTemporaryDirectory } from '../testing/files.js';
import { generatedPictures } from '../testing/generated-pictures.js';
import { cachePath, openCached, verifyCached } from './index.js';

describeDataset(
  'a cached source of pictures',
  () =>
    withTemporaryDirectory(async (folder) => {
      const train = await openCached(generatedPictures({ images: 30, channels: 3 }), { folder });
      const source = generatedPictures({ images: 10, channels: 3, split: 'test', seed: 2 });
      const test = await openCached(source, { folder, normalization: train.normalization });
      return { train, test };
    }),
  { name: 'generated', shape: [3, 5, 5], classes: 2, trainImages: 30, testImages: 10 },
);

/** A source that counts how often it decodes. */
function counting(source: PictureSource) {
  let count = 0;
  const decode = (index: number) => {
    count += 1;
    return source.decode(index);
  };
  return { source: { ...source, decode }, decoded: () => count };
}

describe('openCached', () => {
  it('gives every picture as its source decodes it, with the hash and normalisation of the same images in memory', async () => {
    const folder = await temporaryDirectory();
    const sizes = fc.record({
      images: fc.integer({ min: 2, max: 40 }),
      side: fc.integer({ min: 1, max: 9 }),
      channels: fc.constantFrom(1, 3),
      seed: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 9 }), async (options, concurrency) => {
        const source = generatedPictures(options);
        const dataset = await openCached(source, { folder, concurrency });
        const decoded = await Promise.all(Array.from(source.labels, (_, i) => source.decode(i)));
        const pixels = new Uint8Array(Buffer.concat(decoded));
        expect(dataset.read(source.labels.map((_, index) => index))).toEqual(pixels);
        expect([dataset.labels, dataset.classNames]).toEqual([source.labels, source.classNames]);
        expect(dataset.hash).toBe(hashDataset(source.shape, source.labels, pixels));
        const { mean, std } = computeNormalization(pixels, source.shape);
        for (const [channel, value] of dataset.normalization.mean.entries()) {
          expect(value).toBeCloseTo(mean[channel]!, 12);
          expect(dataset.normalization.std[channel]).toBeCloseTo(std[channel]!, 12);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('decodes once, several pictures at a time but no more than asked for, and tells how far it is', async () => {
    const folder = await temporaryDirectory();
    const base = generatedPictures({ images: 50 });
    let [running, most] = [0, 0];
    const slow: PictureSource = {
      ...base,
      async decode(index) {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, (index * 7) % 5));
        running -= 1;
        return base.decode(index);
      },
    };
    const progress: number[] = [];
    const options = { folder, concurrency: 4, onProgress: (done: number) => progress.push(done) };
    await openCached(slow, options);
    expect(most).toBe(4);
    expect(progress.at(-1)).toBe(50);
    const { source, decoded } = counting(base);
    await openCached(source, { folder });
    expect(decoded()).toBe(0);
  });

  it('decodes again when the source has changed, and keeps both', async () => {
    const folder = await temporaryDirectory();
    const first = await openCached(generatedPictures({ images: 4 }), { folder });
    const second = await openCached(generatedPictures({ images: 4, seed: 2 }), { folder });
    expect(second.hash).not.toBe(first.hash);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('leaves nothing behind when a picture cannot be decoded, and names it', async () => {
    const folder = await temporaryDirectory();
    const base = generatedPictures({ images: 20 });
    const broken: PictureSource = {
      ...base,
      decode: (index) =>
        index === 13 ? Promise.reject(new UsageError('13.png: damaged')) : base.decode(index),
    };
    await expect(openCached(broken, { folder })).rejects.toThrow(UsageError);
    await expect(openCached(broken, { folder })).rejects.toThrow('13.png: damaged');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stops when asked to, leaving nothing behind', async () => {
    const folder = await temporaryDirectory();
    const controller = new AbortController();
    const base = generatedPictures({ images: 100 });
    const source: PictureSource = {
      ...base,
      decode: (index) => {
        if (index === 40) controller.abort(new Error('stopped'));
        return base.decode(index);
      },
    };
    const opening = openCached(source, { folder, concurrency: 2, signal: controller.signal });
    await expect(opening).rejects.toThrow('stopped');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('removes what a dead process left unfinished, and nothing of a living one', async () => {
    const folder = await temporaryDirectory();
    const path = cachePath(generatedPictures({ images: 3 }), folder);
    // No process has a number above 2^22.
    const [dead, alive] = [`${path}.4194999.1.partial`, `${path}.${process.pid}.999.partial`];
    for (const name of [dead, alive]) writeFileSync(name, 'half');
    await openCached(generatedPictures({ images: 3 }), { folder });
    expect([existsSync(dead), existsSync(alive), existsSync(path)]).toEqual([false, true, true]);
  });

  it('may be built by two at once', async () => {
    const folder = await temporaryDirectory();
    const source = generatedPictures({ images: 200 });
    const both = await Promise.all([
      openCached(source, { folder }),
      openCached(source, { folder }),
    ]);
    expect(both[0].read([199])).toEqual(both[1].read([199]));
    expect(readdirSync(folder)).toHaveLength(1);
    expect(() => verifyCached(source, folder)).not.toThrow();
  });

  it('says so when its folder cannot be written', async () => {
    const parent = await temporaryDirectory();
    const folder = join(parent, 'file');
    writeFileSync(folder, 'not a folder');
    const opening = openCached(generatedPictures({ images: 3 }), { folder });
    await expect(opening).rejects.toThrow(FailureError);
    await expect(opening).rejects.toThrow(/could not be written \(.*--cache/s);
    if (process.getuid?.() === 0) return; // root may write everywhere
    await mkdir(join(parent, 'closed'));
    await chmod(join(parent, 'closed'), 0o500);
    const closed = openCached(generatedPictures({ images: 3 }), { folder: join(parent, 'closed') });
    await expect(closed).rejects.toThrow(FailureError);
  });
});

describe('a damaged file in the cache', () => {
  const source = generatedPictures({ images: 12, channels: 3 });

  /** 250 ways to damage a file: cut short, made longer, bytes before the pixels changed, sizes replaced. */
  function* mutations(whole: Buffer, pixels: number): Generator<readonly [string, Buffer]> {
    for (let index = 0; index < 60; index++) {
      const length = Math.floor((whole.length * index) / 60);
      yield [`cut to ${length} bytes`, whole.subarray(0, length)];
    }
    yield ['one byte longer', Buffer.concat([whole, Buffer.alloc(1)])];
    const used = whole.subarray(0, pixels).findLastIndex((byte) => byte !== 0) + 1;
    for (let index = 0; index < 170; index++) {
      const copy = Buffer.from(whole);
      const offset = Math.floor((used * index) / 170);
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
      other.writeUInt32LE(claim === 1 ? 2 : claim, 8);
      yield [`another version (${claim})`, other];
    }
  }

  it('is noticed and made anew, whatever the damage', { timeout: 120_000 }, async () => {
    const folder = await temporaryDirectory();
    const expected = await openCached(source, { folder });
    const path = cachePath(source, folder);
    const whole = readFileSync(path);
    const pixels = whole.length - 12 * pixelsPerImage(source.shape);
    let tried = 0;
    for (const [what, bytes] of mutations(whole, pixels)) {
      writeFileSync(path, bytes);
      const notes: string[] = [];
      const dataset = await openCached(source, { folder, onNote: (note) => notes.push(note) });
      expect(notes, what).toEqual([expect.stringMatching(/decoded again$/)]);
      expect(dataset.hash, what).toBe(expected.hash);
      expect(readFileSync(path).equals(whole), what).toBe(true);
      tried += 1;
    }
    expect(tried).toBeGreaterThanOrEqual(200);
  });

  it('has changed pixels, which verifying finds', async () => {
    const folder = await temporaryDirectory();
    await openCached(source, { folder });
    const path = cachePath(source, folder);
    const whole = readFileSync(path);
    for (let index = 0; index < 50; index++) {
      const copy = Buffer.from(whole);
      copy[whole.length - 1 - Math.floor((12 * 75 * index) / 50)]! ^= 1 << (index % 8);
      writeFileSync(path, copy);
      expect(() => verifyCached(source, folder)).toThrow(/was changed since it was written/);
    }
    expect(statSync(path).size).toBe(whole.length);
  });
});
