import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { temporaryDirectory } from '../testing/files.js';
import { paintPicture, writeFiles } from '../testing/picture-folders.js';
import { openTinyImageNet } from './tiny-imagenet.js';

const wnids = ['n02124075', 'n01443537', 'n04067472'];

/** The layout in little: 3 classes, 2 training pictures and 2 for validation of each. */
async function tinyFolder(): Promise<string> {
  const root = await temporaryDirectory();
  const folder = join(root, 'tiny-imagenet-200');
  const annotations: string[] = [];
  for (const [row, wnid] of wnids.entries()) {
    for (const number of [0, 1]) {
      const picture = await paintPicture(2 * row + number, 64, 64);
      const validation = `val_${number * 3 + row}.JPEG`;
      annotations.push(`${validation}\t${wnid}\t0\t32\t44\t62`);
      await writeFiles(folder, {
        [`train/${wnid}/images/${wnid}_${number}.JPEG`]: picture,
        [`train/${wnid}/${wnid}_boxes.txt`]: 'boxes',
        [`val/images/${validation}`]: picture,
        [`test/images/test_${row}${number}.JPEG`]: picture,
      });
    }
  }
  await writeFiles(folder, {
    'wnids.txt': `${wnids.join('\n')}\n`,
    'words.txt': [
      'n00000001\tnothing, nil',
      'n01443537\tgoldfish, Carassius auratus',
      'n02124075\tEgyptian cat',
      'n04067472\treel',
    ].join('\n'),
    'val/val_annotations.txt': `${annotations.join('\n')}\n`,
  });
  return root;
}

const inside = (root: string, ...path: string[]) => join(root, 'tiny-imagenet-200', ...path);

describe('Tiny ImageNet', () => {
  it('numbers its classes by their ids and names them in words', async () => {
    const root = await tinyFolder();
    const { train, test, normalization } = await openTinyImageNet({ root });
    expect(train.classNames).toEqual(['goldfish', 'Egyptian cat', 'reel']);
    expect(train.shape).toEqual({ channels: 3, height: 64, width: 64 });
    expect(Array.from(train.labels)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(train.describe(0)).toBe(inside(root, 'train/n01443537/images/n01443537_0.JPEG'));
    expect([train.name, train.split, test.split]).toEqual(['tiny-imagenet', 'train', 'test']);
    expect(normalization.mean).toEqual([0.485, 0.456, 0.406]);
  });

  it('labels the validation pictures by their annotations', async () => {
    const root = await tinyFolder();
    const { test } = await openTinyImageNet({ root: inside(root) });
    const labels = Object.fromEntries(
      Array.from(test.labels, (label, index) => [test.describe(index).split('/').at(-1), label]),
    );
    expect(labels).toEqual({
      'val_0.JPEG': 1,
      'val_1.JPEG': 0,
      'val_2.JPEG': 2,
      'val_3.JPEG': 1,
      'val_4.JPEG': 0,
      'val_5.JPEG': 2,
    });
    expect(await test.decode(0)).toHaveLength(3 * 64 * 64);
  });

  it('tells classes of one name apart', async () => {
    const root = await tinyFolder();
    const words = await readFile(inside(root, 'words.txt'), 'utf8');
    await writeFile(inside(root, 'words.txt'), words.replace('reel', 'goldfish'));
    const { train } = await openTinyImageNet({ root });
    expect(train.classNames).toEqual([
      'goldfish (n01443537)',
      'Egyptian cat',
      'goldfish (n04067472)',
    ]);
  });
});

describe('a damaged Tiny ImageNet', () => {
  const refused = async (root: string, ...messages: string[]) => {
    const opening = openTinyImageNet({ root });
    await expect(opening).rejects.toThrow(UsageError);
    for (const message of messages) await expect(opening).rejects.toThrow(message);
  };

  it('is refused if it is not there, saying how to get it', async () => {
    const root = await temporaryDirectory();
    await refused(root, 'tiny-imagenet: its files were not found', root, 'tiny-imagenet-200.zip');
  });

  it.each([
    ['wnids.txt', 'n02124075', 'cat', 'line 1 is "cat"; expected a WordNet id'],
    [
      'wnids.txt',
      'n01443537',
      'n02124075',
      'line 2 is "n02124075"; expected an id that was not listed before',
    ],
    ['words.txt', 'n02124075\t', 'n02124076\t', 'class n02124075 of wnids.txt is not in this list'],
    ['words.txt', 'n02124075\t', 'n02124075 ', 'line 3 is'],
    ['val/val_annotations.txt', 'val_0.JPEG\t', 'val_0.JPEG ', 'line 1 is'],
    ['val/val_annotations.txt', 'val_0.JPEG', '../val_0.JPEG', 'line 1 is'],
    ['val/val_annotations.txt', 'val_3.JPEG', 'val_0.JPEG', 'line 2 is'],
    ['val/val_annotations.txt', 'n01443537', 'n09999999', 'line 3 is'],
  ])('is refused with the line in %s (%s becomes %s)', async (file, from, to, message) => {
    const root = await tinyFolder();
    const content = await readFile(inside(root, file), 'utf8');
    expect(content).toContain(from);
    await writeFile(inside(root, file), content.replace(from, to));
    await refused(root, inside(root, file), message);
  });

  it.each([
    ['train/n04067472/images', 'the folder of a class is missing'],
    ['train/n04067472/images/n04067472_1.JPEG', 'class n04067472 has 1 pictures, others have 2'],
    ['val/images/val_4.JPEG', 'the picture of'],
    ['val/val_annotations.txt', "the list can't be read"],
    ['words.txt', "the list can't be read"],
  ])('is refused without %s', async (path, message) => {
    const root = await tinyFolder();
    await rm(inside(root, path), { recursive: true });
    await refused(root, message);
  });

  it('is refused with a picture that is not annotated', async () => {
    const root = await tinyFolder();
    await mkdir(inside(root, 'val/images'), { recursive: true });
    await writeFile(inside(root, 'val/images/val_9.JPEG'), await paintPicture(1));
    await refused(root, `${inside(root, 'val/images/val_9.JPEG')}: the picture is not in`);
  });

  it('is never loaded in part, whatever byte of its annotations changes', async () => {
    const root = await tinyFolder();
    const path = inside(root, 'val/val_annotations.txt');
    const content = await readFile(path);
    const whole = Array.from((await openTinyImageNet({ root })).test.labels);
    for (let step = 0; step < 200; step++) {
      const changed = Buffer.from(content);
      const at = (step * 7919) % content.length;
      if (step % 2 === 0) changed[at]! ^= 1 << (step % 8);
      await writeFile(path, step % 2 === 0 ? changed : changed.subarray(0, at));
      const outcome = await openTinyImageNet({ root }).catch((error: unknown) => error);
      // The boxes after the label are not read, so a change there changes nothing.
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(UsageError);
        expect(outcome.message).toContain(inside(root));
      } else {
        expect(
          Array.from((outcome as Awaited<ReturnType<typeof openTinyImageNet>>).test.labels),
        ).toEqual(whole);
      }
    }
  });
});
