import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../../core/errors.js';
import { computeNormalization, hashDataset } from '../dataset/dataset.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { temporaryDirectory, withTemporaryDirectory } from '../testing/files.js';
import { generatedPictures, identitiesOf } from '../testing/generated-pictures.js';
import { cachePath, openCached } from './open-cached.js';
import { verifyCached } from './verify-cached.js';

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

  it('decodes again when the shape or the way of decoding is another', async () => {
    const folder = await temporaryDirectory();
    const source = generatedPictures({ images: 4 });
    await openCached(source, { folder });
    for (const change of [{ shape: { channels: 5, height: 5, width: 1 } }, { decoding: 'other' }]) {
      const { source: changed, decoded } = counting({ ...source, ...change });
      expect((await openCached(changed, { folder })).shape).toEqual(changed.shape);
      expect(decoded()).toBe(4);
    }
  });

  it('takes the images of an earlier version of a set, and has its own labels and classes', async () => {
    const folder = await temporaryDirectory();
    const source = generatedPictures({ images: 4 });
    const before = await openCached(source, { folder });
    for (const change of [
      { labels: Int32Array.of(1, 0, 0, 1) },
      { labels: Int32Array.of(0, 1, 0), identify: async () => identitiesOf(3, 1) },
      { classNames: ['cat', 'dog'] },
    ]) {
      const { source: changed, decoded } = counting({ ...source, ...change });
      const dataset = await openCached(changed, { folder });
      const { labels, classNames } = changed;
      expect(dataset).toMatchObject({ labels, classNames });
      expect(dataset.hash === before.hash).toBe(labels === source.labels);
      expect(decoded()).toBe(0);
      const all = labels.map((_, index) => index);
      expect(dataset.read(all)).toEqual(before.read(all));
    }
  });

  it('takes no image of an earlier version that has been damaged', async () => {
    const folder = await temporaryDirectory();
    const source = generatedPictures({ images: 4 });
    await openCached(source, { folder });
    const path = await cachePath(source, folder);
    const bytes = readFileSync(path);
    bytes[4096]! ^= 1;
    writeFileSync(path, bytes);
    const { source: grown, decoded } = counting(generatedPictures({ images: 5 }));
    const dataset = await openCached(grown, { folder });
    expect(decoded()).toBe(5);
    expect(dataset.read([0])).toEqual(await source.decode(0));
  });

  it('refuses a source that does not tell its pictures apart', async () => {
    const folder = await temporaryDirectory();
    const source = { ...generatedPictures({ images: 4 }), identify: async () => new Uint8Array(9) };
    await expect(openCached(source, { folder })).rejects.toThrow('gave 9 bytes for 4 pictures');
  });

  it('takes its name from the source, not from the file', async () => {
    const folder = await temporaryDirectory();
    const source = { ...generatedPictures({ images: 4 }), name: 'my pictures' };
    await openCached(source, { folder });
    const { name, split } = await openCached({ ...source, name: 'my-pictures' }, { folder });
    expect([name, split]).toEqual(['my-pictures', 'train']);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('names the picture when decoding it goes wrong in any other way', async () => {
    const folder = await temporaryDirectory();
    const base = generatedPictures({ images: 20 });
    const withDecode = (decode: PictureSource['decode']) =>
      openCached({ ...base, decode }, { folder, concurrency: 5 });
    const failing = withDecode(async (index) => {
      // The later one fails first; the first in order is reported.
      if (index === 8) throw new Error('late');
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (index === 6) throw new Error('broken');
      return base.decode(index);
    });
    await expect(failing).rejects.toThrow(
      new FailureError('picture 6: the picture could not be decoded (broken)'),
    );
    const short = withDecode(async () => new Uint8Array(24));
    await expect(short).rejects.toThrow(
      new FailureError('picture 0: decoding the picture gave 24 values; expected 25'),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('decodes nothing any more when it has failed', async () => {
    const folder = await temporaryDirectory();
    const base = generatedPictures({ images: 20 });
    let running = 0;
    const source: PictureSource = {
      ...base,
      async decode(index) {
        if (index === 0) throw new FailureError('0.png: the disk is broken');
        running += 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
        running -= 1;
        return base.decode(index);
      },
    };
    await expect(openCached(source, { folder })).rejects.toThrow('0.png: the disk is broken');
    expect(running).toBe(0);
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

  it('removes what dead processes of this machine left unfinished, and nothing of others', async () => {
    const folder = await temporaryDirectory();
    const source = generatedPictures({ images: 3 });
    const path = await cachePath(source, folder);
    const machine = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
    // No process has a number above 2^22.
    const dead = `${path}.${machine}.4194999.1.partial`;
    const earlierOfOurNumber = `${path}.${machine}.${process.pid}.999.partial`;
    const alive = `${path}.${machine}.${process.ppid}.1.partial`;
    const elsewhere = `${path}.elsewhere-${machine}.4194999.1.partial`;
    for (const name of [dead, earlierOfOurNumber, alive, elsewhere]) writeFileSync(name, 'half');
    await openCached(source, { folder });
    const left = [dead, earlierOfOurNumber, alive, elsewhere].map((name) => existsSync(name));
    expect(left).toEqual([false, false, true, true]);
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
    await verifyCached(source, folder);
  });

  it('says so when its folder cannot be made', async () => {
    const folder = join(await temporaryDirectory(), 'file');
    writeFileSync(folder, 'not a folder');
    const opening = openCached(generatedPictures({ images: 3 }), { folder });
    await expect(opening).rejects.toThrow(FailureError);
    await expect(opening).rejects.toThrow(/could not be written \(.*--cache/s);
  });

  it('says before decoding anything that there is no room', async () => {
    const folder = await temporaryDirectory();
    const { source, decoded } = counting(generatedPictures({ images: 100_000 }));
    const shape = { channels: 3, height: 1e5, width: 1e5 };
    const opening = openCached({ ...source, shape }, { folder });
    await expect(opening).rejects.toThrow(FailureError);
    await expect(opening).rejects.toThrow(
      /could not be written \(they take 3\.00e\+6 GB, and .* GB are free\)/,
    );
    expect([decoded(), readdirSync(folder)]).toEqual([0, []]);
  });

  it.each([
    [{ labels: new Int32Array(0) }, {}, 'generated: there are no pictures'],
    [{ labels: Int32Array.of(0, 2) }, {}, 'label 1 is 2; expected 0 to 1'],
    [{ labels: Int32Array.of(-1, 0) }, {}, 'label 0 is -1; expected 0 to 1'],
    [{}, { concurrency: 0 }, 'concurrency is 0; expected a whole number from 1'],
  ])('refuses what cannot become a dataset (%#)', async (change, options, message) => {
    const folder = await temporaryDirectory();
    const source = { ...generatedPictures({ images: 2 }), ...change };
    const opening = openCached(source, { folder, ...options });
    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toThrow(message);
  });
});
