import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { openSource } from '../open.js';
import { temporaryDirectory } from '../testing/files.js';
import { paintPicture, writeFiles, writePictures } from '../testing/picture-folders.js';
import { openWholeFolder } from './image-folder.js';

/** Opens a folder as every command does, and gives what was told of it with paths relative to it. */
async function open(path: string) {
  const notes: string[] = [];
  const source = await openSource({ path }, (note) => notes.push(note.replaceAll(`${path}/`, '')));
  if (source.kind !== 'pictures') throw new Error('expected pictures');
  const files = ({ labels, describe: place }: PictureSource) =>
    Array.from(labels, (_, index) => place(index).slice(path.length + 1));
  return { ...source, trained: files(source.train), tested: files(source.test), notes };
}

/** A folder with classes `cat` and `dog` in each of some folders. */
async function folderOf(parts: readonly string[], pictures = 2): Promise<string> {
  const root = await temporaryDirectory();
  const folders = parts.flatMap((part) => [`${part}/cat`, `${part}/dog`]);
  await writePictures(root, folders, pictures);
  return root;
}

async function refused(root: string, ...messages: readonly (string | RegExp)[]): Promise<void> {
  await expect(open(root)).rejects.toThrow(UsageError);
  for (const message of messages) await expect(open(root)).rejects.toThrow(message);
}

describe('the parts of a folder', () => {
  it.each([
    ['training', 'validation'],
    ['TRAIN', 'Test'],
    ['trn', 'tst'],
    ['Training', 'testing'],
    ['train', 'dev'],
    ['train', 'Val'],
  ])('are found under the names %s and %s, and told', async (training, testing) => {
    const { train, trained, tested, notes } = await open(await folderOf([training, testing]));
    expect(train.classNames).toEqual(['cat', 'dog']);
    expect(new Set(trained.map((file) => file.split('/')[0]))).toEqual(new Set([training]));
    expect(new Set(tested.map((file) => file.split('/')[0]))).toEqual(new Set([testing]));
    expect(notes[0]).toContain(
      `training pictures are read from ${training}, test pictures from ${testing}`,
    );
    expect(notes[0]!.includes('the validation part is measured on')).toBe(/val|dev/i.test(testing));
  });

  it('leave a validation part out of both, where there is a test part', async () => {
    const { trained, tested, notes } = await open(await folderOf(['train', 'val', 'test']));
    for (const file of trained) expect(file).toMatch(/^train\//);
    for (const file of tested) expect(file).toMatch(/^test\//);
    expect(notes).toContain('the validation part val is neither trained nor tested on');
  });

  it('hold pictures out of the training part where there is no other', async () => {
    const { trained, tested, notes } = await open(await folderOf(['training'], 5));
    expect([trained.length, tested.length]).toEqual([8, 2]);
    for (const file of tested) expect(file).toMatch(/^training\//);
    expect(notes[1]).toContain('no test part: 2 of 10 pictures are held out');
  });

  it('name what is read of neither', async () => {
    const { notes } = await open(await folderOf(['train', 'test', 'masks']));
    expect(notes).toContain('not read: masks');
  });

  it.each([
    [['train', 'Training', 'test'], "both 'Training' and 'train' could be the same part"],
    [['train', 'test', 'tst'], "both 'test' and 'tst' could be the same part"],
    [['train', 'dev', 'val'], "both 'dev' and 'val' could be the same part"],
  ])('are refused where two could be one: %j', async (parts, message) => {
    await refused(await folderOf(parts), message);
  });

  it('are refused under names that are not known, rather than taken for classes', async () => {
    const message =
      /its folders \(first, second\) hold no pictures of their own.*\(cat, dog\).*'train'/;
    await refused(await folderOf(['first', 'second']), message);
    await refused(await folderOf(['test', 'val']), 'look like parts of a dataset');
    const uneven = await folderOf(['first', 'second']);
    await writePictures(uneven, ['first/owl'], 2);
    await refused(uneven, 'look like parts of a dataset');
  });

  it('are no classes that hold pictures of their own, or one folder alone', async () => {
    const root = await folderOf(['a', 'b']);
    await writePictures(root, ['a', 'b'], 1);
    expect((await open(root)).train.classNames).toEqual(['a', 'b']);
    const deep = await temporaryDirectory();
    await writePictures(deep, ['a/images', 'b/images'], 2);
    expect((await open(deep)).train.classNames).toEqual(['a', 'b']);
  });
});

describe('folders that hold but one other', () => {
  it('are gone through, past a picture that lies there, and told', async () => {
    const root = await folderOf(['data/images'], 5);
    await writeFiles(root, { 'data/sample.jpg': await paintPicture(1) });
    const { train, trained, notes } = await open(root);
    expect(train.classNames).toEqual(['cat', 'dog']);
    for (const file of trained) expect(file).toMatch(/^data\/images\//);
    expect(notes[0]).toBe(
      'the classes are read from data/images, the only folder that leads to any',
    );
    expect(notes).toContain('left out: sample.jpg (it lies outside the class folders)');
    expect((await openWholeFolder(root)).classNames).toEqual(['cat', 'dog']);
  });

  it('hold out the same pictures as without them', async () => {
    const inside = (files: readonly string[], above: string) =>
      files.map((file) => file.slice(above.length));
    const [plain, wrapped] = [await folderOf(['.'], 9), await folderOf(['data/images'], 9)];
    expect(inside((await open(wrapped)).tested, 'data/images/')).toEqual(
      (await open(plain)).tested,
    );
  });

  it('are gone through to parts, and within them', async () => {
    const root = await folderOf(['pets/Train/images', 'pets/Test']);
    const { trained, tested, notes } = await open(root);
    for (const file of trained) expect(file).toMatch(/^pets\/Train\/images\//);
    for (const file of tested) expect(file).toMatch(/^pets\/Test\//);
    expect(notes[1]).toContain('read from pets/Train/images, test pictures from pets/Test');
  });

  it('that lead to no classes are refused where they begin', async () => {
    const root = await temporaryDirectory();
    await writePictures(root, ['data/images/only'], 2);
    await refused(root, `${root}: there is only the folder 'data' here`);
  });
});

describe('what systems and programs leave', () => {
  const left = ['__MACOSX', '.ipynb_checkpoints', 'lost+found', '@eaDir', '.git', '$RECYCLE.BIN'];

  it('is ignored beside the classes and within them, and told once', async () => {
    const root = await folderOf(['.'], 5);
    for (const folder of left) await mkdir(join(root, folder));
    await writeFiles(root, {
      '__MACOSX/cat/._0.jpg': 'x',
      'cat/@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg': await paintPicture(1),
      'cat/.ipynb_checkpoints/0-checkpoint.jpg': await paintPicture(2),
      'cat/Thumbs.db': 'x',
      'dog/thumbs.db': 'x',
      'cat/.DS_Store': 'x',
      'dog/.DS_Store': 'x',
      '.DS_Store': 'x',
    });
    const { train, trained, tested, notes } = await open(root);
    expect(train.classNames).toEqual(['cat', 'dog']);
    expect(trained.length + tested.length).toBe(10);
    const told = notes.filter((note) => note.startsWith('ignored'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/left by a system or program: .*\.DS_Store \(3 times\).* and \d more/);
    expect(notes.some((note) => note.startsWith('left out'))).toBe(false);
  });

  it('does not stand in the way of one chain, or beside parts', async () => {
    const wrapped = await folderOf(['images'], 3);
    await mkdir(join(wrapped, '__MACOSX'));
    expect((await open(wrapped)).train.classNames).toEqual(['cat', 'dog']);
    const parts = await folderOf(['train', 'test']);
    await mkdir(join(parts, 'train', '.ipynb_checkpoints'));
    await mkdir(join(parts, 'lost+found'));
    const { notes } = await open(parts);
    expect(notes.join('\n')).toMatch(/ignored.*lost\+found, \.ipynb_checkpoints/);
    expect(notes.join('\n')).not.toContain('not read');
  });

  it('is not an empty class, which stays an error', async () => {
    const root = await folderOf(['.']);
    await mkdir(join(root, 'empty'));
    await writeFile(join(root, 'empty', '.gitkeep'), '');
    await refused(root, `${join(root, 'empty')}: this class has no pictures`);
  });
});
