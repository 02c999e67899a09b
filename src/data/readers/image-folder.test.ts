import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { temporaryDirectory } from '../testing/files.js';
import { paintPicture, writeFiles, writePictures } from '../testing/picture-folders.js';
import { picturePath } from '../testing/pictures.js';
import { openImageFolder } from './image-folder.js';
import type { SkippedFile } from './scan.js';

/** Three classes of six pictures, without parts. */
async function flatFolder(): Promise<string> {
  const root = await temporaryDirectory();
  await writePictures(root, ['dogs', 'cats', '10', '2'], 6);
  return root;
}

/** Two classes, four pictures for training and two for testing. */
async function folderWithParts(test = 'test'): Promise<string> {
  const root = await temporaryDirectory();
  await writePictures(root, ['train/b', 'train/a'], 4);
  await writePictures(root, [`${test}/b`, `${test}/a`], 2);
  return root;
}

const fileNames = (source: { labels: Int32Array; describe(index: number): string }, root: string) =>
  Array.from(source.labels, (_, index) => source.describe(index).slice(root.length + 1));

describe('a folder of class folders', () => {
  it('numbers the classes in the order of their names, as torchvision does', async () => {
    const root = await flatFolder();
    const { train, test } = await openImageFolder(root);
    expect(train.classNames).toEqual(['10', '2', 'cats', 'dogs']);
    expect(test.classNames).toEqual(train.classNames);
    expect([train.split, test.split]).toEqual(['train', 'test']);
    expect(train.name).toBe(basename(root));
    fileNames(train, root).forEach((file, index) => {
      expect(file.split('/')[0]).toBe(train.classNames[train.labels[index]!]);
    });
  });

  it('decodes the picture that it describes', async () => {
    const root = await temporaryDirectory();
    await writePictures(root, ['a', 'b'], 4);
    const { train } = await openImageFolder(root);
    for (const index of train.labels.keys()) {
      const decoded = await train.decode(index);
      const [red, , blue] = await sharp(train.describe(index)).raw().toBuffer();
      expect(decoded).toHaveLength(3 * 32 * 32);
      expect([decoded[0], decoded[2 * 1024]]).toEqual([red, blue]);
    }
  });

  it('takes its parts from train/ and test/', async () => {
    const root = await folderWithParts();
    const notes: string[] = [];
    const { train, test } = await openImageFolder(root, { onNote: (note) => notes.push(note) });
    expect([train.labels, test.labels]).toEqual([
      Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1),
      Int32Array.of(0, 0, 1, 1),
    ]);
    expect(fileNames(test, root)).toEqual([
      'test/a/0.jpg',
      'test/a/1.jpg',
      'test/b/0.jpg',
      'test/b/1.jpg',
    ]);
    expect(notes).toEqual([
      `training pictures are read from ${join(root, 'train')}, test pictures from ${join(root, 'test')}`,
      'pictures become colour and 32×32, chosen by 8 of them (dataset.size, dataset.channels)',
    ]);
  });

  it.each(['val', 'validation', 'valid'])('takes %s/ for the test part', async (name) => {
    const root = await folderWithParts(name);
    const { test } = await openImageFolder(root);
    expect(test.describe(0)).toBe(join(root, name, 'a', '0.jpg'));
  });

  it('passes over a test/ folder without classes, and says which folders it ignored', async () => {
    const root = await folderWithParts('val');
    await writeFiles(root, { 'test/unlabelled.jpg': await paintPicture(1) });
    const notes: string[] = [];
    const { test } = await openImageFolder(root, { onNote: (note) => notes.push(note) });
    expect(test.describe(0)).toContain('/val/');
    expect(notes).toContain(`not read: ${join(root, 'test')}`);
  });

  it('takes a folder train/ that holds pictures itself for a class', async () => {
    const root = await temporaryDirectory();
    await writePictures(root, ['train', 'bus'], 3);
    expect((await openImageFolder(root)).train.classNames).toEqual(['bus', 'train']);
  });

  it('reads every format, at any depth, and leaves out hidden files', async () => {
    const root = await temporaryDirectory();
    await writePictures(root, ['a', 'b'], 2);
    await writeFiles(root, {
      'a/deeper/still/x.png': await sharp(await paintPicture(3))
        .png()
        .toBuffer(),
      'a/y.WEBP': await sharp(await paintPicture(4))
        .webp()
        .toBuffer(),
      'a/.hidden.jpg': 'no',
      '.git/z.jpg': 'no',
    });
    const { train, test } = await openImageFolder(root);
    const files = [...fileNames(train, root), ...fileNames(test, root)].sort();
    expect(files).toEqual([
      'a/0.jpg',
      'a/1.jpg',
      'a/deeper/still/x.png',
      'a/y.WEBP',
      'b/0.jpg',
      'b/1.jpg',
    ]);
  });

  it('reports by name what is no picture', async () => {
    const root = await flatFolder();
    await writeFiles(root, { 'cats/notes.txt': 'tabby', 'README.md': 'mine' });
    await symlink('/nowhere/at/all', join(root, 'dogs', 'gone.jpg'));
    const skipped: SkippedFile[] = [];
    await openImageFolder(root, { onSkipped: (file) => skipped.push(file) });
    expect(skipped.map(({ path }) => path.slice(root.length + 1)).sort()).toEqual([
      'README.md',
      'cats/notes.txt',
      'dogs/gone.jpg',
    ]);
  });

  it('follows links, but not in circles', async () => {
    const root = await flatFolder();
    const elsewhere = await temporaryDirectory();
    await writePictures(elsewhere, ['.'], 3);
    await symlink(elsewhere, join(root, 'linked'));
    await symlink(root, join(root, 'cats', 'back'));
    await symlink('.', join(root, 'dogs', 'self'));
    const { train, test } = await openImageFolder(root);
    expect(train.classNames).toEqual(['10', '2', 'cats', 'dogs', 'linked']);
    const linked = [...train.labels, ...test.labels].filter((label) => label === 4);
    expect(linked).toHaveLength(3);
  });

  it('reports a damaged picture when it is decoded', async () => {
    const root = await flatFolder();
    await writeFile(join(root, 'cats', '0.jpg'), (await paintPicture(5)).subarray(0, 200));
    const { train, test } = await openImageFolder(root);
    const source = fileNames(train, root).includes('cats/0.jpg') ? train : test;
    const index = fileNames(source, root).indexOf('cats/0.jpg');
    await expect(source.decode(index)).rejects.toThrow(UsageError);
    await expect(source.decode(index)).rejects.toThrow(join(root, 'cats', '0.jpg'));
  });
});

describe('the shape of the pictures', () => {
  it.each([
    [20, 32],
    [32, 32],
    [63, 32],
    [64, 64],
    [127, 64],
    [128, 128],
    [300, 128],
  ])('is chosen by the median shorter side: %i becomes %i', async (side, size) => {
    const root = await temporaryDirectory();
    const usual = await paintPicture(1, side + 9, side);
    const large = await paintPicture(2, 400, 400);
    await writeFiles(root, {
      'a/0.jpg': usual,
      'a/1.jpg': usual,
      'b/0.jpg': usual,
      'b/1.jpg': large,
      'b/2.jpg': usual,
    });
    const { train } = await openImageFolder(root);
    expect(train.shape).toEqual({ channels: 3, height: size, width: size });
  });

  it('is grey if all pictures are, and can be set', async () => {
    const root = await temporaryDirectory();
    const grey = await sharp(picturePath('grey.png')).toColourspace('b-w').png().toBuffer();
    const [colour, file] = [
      await paintPicture(1),
      { 'a/0.png': grey, 'a/1.png': grey, 'b/0.png': grey },
    ];
    await writeFiles(root, { ...file, 'b/1.png': grey });
    expect((await openImageFolder(root)).train.shape.channels).toBe(1);
    expect((await openImageFolder(root, { channels: 3 })).train.shape.channels).toBe(3);
    await writeFiles(root, { 'b/1.png': colour, 'b/2.png': colour, 'b/3.png': colour });
    expect((await openImageFolder(root)).train.shape.channels).toBe(3);
    const set = await openImageFolder(root, { size: 40, channels: 1 });
    expect(set.train.shape).toEqual({ channels: 1, height: 40, width: 40 });
    expect(await set.train.decode(0)).toHaveLength(1600);
  });

  it.each([0, 2.5, Number.NaN])('must be a whole number: %s', async (size) => {
    await expect(openImageFolder(await flatFolder(), { size })).rejects.toThrow(UsageError);
  });
});

describe('a folder that cannot be used', () => {
  const refused = async (root: string, message: string | RegExp) => {
    await expect(openImageFolder(root)).rejects.toThrow(UsageError);
    await expect(openImageFolder(root)).rejects.toThrow(message);
  };

  it('is refused if it does not exist, or is a file', async () => {
    const root = await flatFolder();
    await refused(join(root, 'nothing'), 'nothing: there is no such folder');
    await refused(join(root, 'cats', '0.jpg'), '0.jpg: this is a file; expected a folder');
  });

  it('is refused without class folders', async () => {
    const root = await temporaryDirectory();
    await refused(
      root,
      `${root}: there are no folders here; expected one folder of pictures per class`,
    );
    await writePictures(root, ['only'], 2);
    await refused(root, "there is only the folder 'only' here");
  });

  it('is refused if a class is empty', async () => {
    const root = await flatFolder();
    await mkdir(join(root, 'empty'));
    await refused(root, `${join(root, 'empty')}: this class has no pictures`);
    await writeFiles(root, { 'empty/1.heic': 'x', 'empty/2.heic': 'x', 'empty/notes.txt': 'x' });
    await refused(
      root,
      'that can be read (3 other files: .heic, .txt); expected at least one: JPEG',
    );
  });

  it('is refused if a class is missing in one part', async () => {
    const root = await folderWithParts();
    await writePictures(root, ['train/extra'], 2);
    await refused(root, `${join(root, 'test')}: class 'extra' is missing here`);
    await writePictures(root, ['test/extras', 'test/extra'], 1);
    await refused(root, `${join(root, 'train')}: class 'extras' is missing here`);
    await refused(root, "Is it the folder 'extra'?");
  });
});
