import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { temporaryDirectory } from '../testing/files.js';
import { generatedPictures, identitiesOf } from '../testing/generated-pictures.js';
import { openCached } from './open-cached.js';
import { openCachedPair, withoutDamaged } from './open-pair.js';

/** Generated pictures of which some are damaged, and how often one was decoded. */
function damagedAt(bad: readonly number[], images = 40, split = 'train') {
  const base = generatedPictures({ images, split });
  const name = (index: number) => `${split}/${index}.png`;
  let count = 0;
  const identities = identitiesOf(images, 1);
  // Another content than that of the whole picture.
  for (const index of bad) identities[index * 32 + 31] = 1;
  const source: PictureSource = {
    ...base,
    describe: name,
    identify: async () => identities,
    async decode(index) {
      if (bad.includes(index)) throw new UsageError(`${name(index)}: it is cut off`);
      count += 1;
      return base.decode(index);
    },
  };
  return { source, decoded: () => count };
}

describe('a set with damaged pictures', () => {
  it('is refused with all of them, how many, and what to do', async () => {
    const folder = await temporaryDirectory();
    const { source } = damagedAt([3, 13]);
    const opening = openCached(source, { folder });
    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toThrow(
      '2 of 40 pictures of generated train are damaged or missing:\n' +
        '  train/3.png: it is cut off\n  train/13.png: it is cut off\nncfm data check names each;',
    );
    await expect(opening).rejects.toThrow('--set dataset.onDamaged=skip');
  });

  it('is told in few lines if they are many', async () => {
    const folder = await temporaryDirectory();
    const { source } = damagedAt(Array.from({ length: 30 }, (_, index) => index));
    const problem = await openCached(source, { folder }).catch((error: Error) => error.message);
    expect(problem).toContain('30 of 40 pictures');
    expect(problem).toContain('9.png: it is cut off\n  and 20 more\n');
  });

  it('is refused again without being decoded again', async () => {
    const folder = await temporaryDirectory();
    await expect(openCached(damagedAt([5]).source, { folder })).rejects.toThrow('train/5.png');
    const { source, decoded } = damagedAt([5]);
    await expect(openCached(source, { folder })).rejects.toThrow('train/5.png');
    expect(decoded()).toBe(0);
  });

  it('goes on from what was decoded when it has been mended', async () => {
    const folder = await temporaryDirectory();
    await expect(openCached(damagedAt([3, 13]).source, { folder })).rejects.toThrow(UsageError);
    const { source, decoded } = damagedAt([]);
    const mended = await openCached(source, { folder });
    expect(decoded()).toBe(2);
    const whole = await openCached(source, { folder: await temporaryDirectory() });
    expect(mended.hash).toBe(whole.hash);
    expect(mended.normalization).toEqual(whole.normalization);
  });

  it('goes on when what could not be read can be, with the same content', async () => {
    const folder = await temporaryDirectory();
    let readable = false;
    const base = generatedPictures({ images: 10 });
    const source: PictureSource = {
      ...base,
      decode: async (index) => {
        if (index === 4 && !readable) throw new UsageError('picture 4: EACCES');
        return base.decode(index);
      },
    };
    await expect(openCached(source, { folder })).rejects.toThrow('picture 4: EACCES');
    readable = true;
    expect((await openCached(source, { folder })).labels).toHaveLength(10);
  });

  it('is used without them if that is asked for, and has another hash than the whole one', async () => {
    const folder = await temporaryDirectory();
    const { source } = damagedAt([3, 13]);
    const dataset = await openCached(source, { folder, onDamaged: 'skip' });
    const kept = Array.from(source.labels, (_, index) => index).filter((i) => i !== 3 && i !== 13);
    expect(dataset.labels).toEqual(Int32Array.from(kept, (index) => source.labels[index]!));
    for (const [row, index] of kept.entries()) {
      expect(dataset.read([row])).toEqual(await source.decode(index));
    }
    const whole = await openCached(damagedAt([]).source, { folder });
    expect(dataset.hash).not.toBe(whole.hash);
    // What is asked for can be changed: nothing is decoded for it.
    await expect(openCached(source, { folder })).rejects.toThrow('2 of 40');
  });

  it('is refused if nothing is left of a class, or nothing at all', async () => {
    const folder = await temporaryDirectory();
    const even = Array.from({ length: 20 }, (_, index) => 2 * index);
    const skipping = { folder, onDamaged: 'skip' } as const;
    await expect(openCached(damagedAt(even).source, skipping)).rejects.toThrow(
      "generated train: every picture of class 'class 0' is damaged or missing",
    );
    const all = Array.from({ length: 40 }, (_, index) => index);
    const before = readdirSync(folder);
    await expect(openCached(damagedAt(all).source, skipping)).rejects.toThrow('40 of 40 pictures');
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('both parts of a set', () => {
  const opened = async () => {
    const folder = await temporaryDirectory();
    const sources = { train: damagedAt([3]).source, test: damagedAt([7], 20, 'test').source };
    return { sources, pair: await openCachedPair(sources, { folder }) };
  };

  it('are refused together', async () => {
    const { sources, pair } = await opened();
    expect(() => withoutDamaged(sources, pair, { onWarning: () => {} })).toThrow(
      '1 of 40 pictures of generated train and 1 of 20 pictures of generated test are damaged or missing:\n' +
        '  train/3.png: it is cut off\n  test/7.png: it is cut off\n',
    );
  });

  it('are used without what is damaged, which is warned of and named', async () => {
    const { sources, pair } = await opened();
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const data = withoutDamaged(sources, pair, { onDamaged: 'skip', onWarning });
    expect([data.train.labels.length, data.test.labels.length]).toEqual([39, 19]);
    expect(data.skipped).toEqual([
      { split: 'train', place: 'train/3.png', reason: 'train/3.png: it is cut off' },
      { split: 'test', place: 'test/7.png', reason: 'test/7.png: it is cut off' },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/^left out.*1 of 40 .* and 1 of 20 /)]);
  });
});
