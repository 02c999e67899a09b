import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { arraysPath, goldenArrays, pixelHash, sha256 } from '../testing/arrays.js';
import { describeCorruption } from '../testing/corruption-suite.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { temporaryDirectory, withTemporaryDirectory } from '../testing/files.js';
import { generatedPicture } from '../testing/generated-pictures.js';
import { loadCifar10, loadCifar100 } from './cifar.js';
import { parseCifarPickle } from './cifar-pickle.js';

const pythonFiles = arraysPath('cifar-10-batches-py');

/** Rows of labels and noise. */
function rows(labels: readonly (readonly number[])[], seed: number): Buffer {
  return Buffer.concat(
    labels.flatMap((own, index) => [Buffer.from(own), generatedPicture(index, 3072, seed)]),
  );
}

async function writeCifar10(folder: string): Promise<void> {
  const names = 'plane,car,bird,cat,deer,dog,frog,horse,ship,truck'.split(',');
  await writeFile(join(folder, 'batches.meta.txt'), `${names.join('\n')}\n\n`);
  const some = (first: number) => Array.from({ length: 4 }, (_, index) => [(first + index) % 10]);
  for (const batch of [1, 2, 3, 4, 5]) {
    await writeFile(join(folder, `data_batch_${batch}.bin`), rows(some(4 * batch - 4), batch));
  }
  const every = Array.from({ length: 10 }, (_, index) => [index]);
  await writeFile(join(folder, 'test_batch.bin'), rows(every, 9));
}

async function writeCifar100(folder: string): Promise<void> {
  await mkdir(join(folder, 'cifar-100-binary'), { recursive: true });
  const list = (count: number, what: string) =>
    Array.from({ length: count }, (_, index) => `${what}_${index}\n`).join('');
  const place = (name: string) => join(folder, 'cifar-100-binary', name);
  await writeFile(place('fine_label_names.txt'), list(100, 'fine'));
  await writeFile(place('coarse_label_names.txt'), list(20, 'coarse'));
  const all = Array.from({ length: 100 }, (_, index) => [Math.floor(index / 5), index]);
  await writeFile(place('train.bin'), rows([...all, ...all], 3));
  await writeFile(place('test.bin'), rows(all, 4));
}

const ten = {
  name: 'cifar-10',
  shape: [3, 32, 32],
  classes: 10,
  trainImages: 20,
  testImages: 10,
} as const;

describeDataset('CIFAR-10, Python files', () => loadCifar10({ root: pythonFiles }), ten);
describeDataset(
  'CIFAR-10, binary files',
  () =>
    withTemporaryDirectory(async (root) => {
      await writeCifar10(root);
      return loadCifar10({ root });
    }),
  ten,
);
for (const [labels, classes] of [
  ['fine', 100],
  ['coarse', 20],
] as const) {
  describeDataset(
    `CIFAR-100, ${labels} labels`,
    () =>
      withTemporaryDirectory(async (root) => {
        await writeCifar100(root);
        return loadCifar100({ root, labels });
      }),
    { name: 'cifar-100', shape: [3, 32, 32], classes, trainImages: 200, testImages: 100 },
  );
}

describeCorruption('a Python file of CIFAR-10', {
  place: async (folder) => {
    await cp(pythonFiles, folder, { recursive: true });
    return join(folder, 'test_batch');
  },
  load: async (root) => (await loadCifar10({ root })).test,
  *extra() {
    yield ['a pickle that runs a command', readFileSync(arraysPath('hostile-pickle'))];
  },
});

describeCorruption('a list of names of CIFAR-10', {
  place: async (folder) => {
    await cp(pythonFiles, folder, { recursive: true });
    return join(folder, 'batches.meta');
  },
  load: async (root) => (await loadCifar10({ root })).test,
});

describe('CIFAR', () => {
  it('has the labels and pixels that Python put into its files', async () => {
    const { train, test } = await loadCifar10({ root: pythonFiles });
    const expected = goldenArrays['cifar-10'];
    for (const [dataset, golden] of [
      [train, expected.train],
      [test, expected.test],
    ] as const) {
      expect([...dataset.labels]).toEqual(golden.labels);
      expect(pixelHash(dataset)).toBe(golden.sha256);
    }
    expect(train.classNames.slice(0, 2)).toEqual(['airplane', 'automobile']);
  });

  it.each([2, 4])('reads what Python 3 writes in protocol %i', (protocol) => {
    const bytes = readFileSync(arraysPath(`cifar-100-protocol-${protocol}`));
    const expected = goldenArrays['cifar-100'];
    for (const key of ['fine', 'coarse'] as const) {
      const { labels, pixels } = parseCifarPickle(bytes, `${key}_labels`);
      expect(labels).toEqual(expected[key]);
      expect(sha256(pixels)).toBe(expected.sha256);
    }
  });

  it('runs nothing that a pickle names', () => {
    const hostile = readFileSync(arraysPath('hostile-pickle'));
    expect(() => parseCifarPickle(hostile, 'labels')).toThrow(/calls (posix|os)\.system/);
  });

  it('says what of an array it does not understand', () => {
    const whole = readFileSync(join(pythonFiles, 'data_batch_1')).toString('latin1');
    const changed = (from: string, to: string) => {
      expect(whole).toContain(from);
      return Buffer.from(whole.replace(from, to), 'latin1');
    };
    const parse = (bytes: Buffer) => () => parseCifarPickle(bytes, 'labels');
    expect(parse(changed('u1', 'i1'))).toThrow("values of type 'i1', expected bytes (u1)");
    expect(parse(changed('u1q', 'u\u00b9q'))).toThrow("values of type 'u\ufffd'");
    expect(parse(changed('K\x01K\x04M\x00\x0c', 'K\x01K\x04M\x00\x0d'))).toThrow(
      'its array of 4 × 3328 bytes has 12288',
    );
    expect(parse(changed('numpy\nndarray', 'numpy\nmatrix'))).toThrow(
      'calls numpy.core.multiarray',
    );
    expect(parse(changed('U\x04data', 'K\x01K\x01K\x01'))).toThrow('something other than a text');
    expect(parse(Buffer.from(']\x2e', 'latin1'))).toThrow('it is no dictionary');
    expect(parse(Buffer.from('NQ.', 'latin1'))).toThrow('refers to data outside of it');
  });

  it('refuses labels that are no numbers, before they are written out', () => {
    // Lists that hold the one before them twice: a text of 2^40 commas.
    const twice = Array.from({ length: 40 }, (_, level) => {
      const [last, next] = [100 + level, 101 + level].map((key) => String.fromCharCode(key));
      return `](h${last}h${last}eq${next}`;
    }).join('');
    const whole = readFileSync(join(pythonFiles, 'data_batch_1')).toString('latin1');
    const labels = whole.indexOf('U\x06labels');
    const list = whole.indexOf(']', labels);
    const changed = [
      `${whole.slice(0, labels)}U\x01x(]qd${twice}t${whole.slice(labels, list)}`,
      `](${'h\x8c'.repeat(4)}e${whole.slice(whole.indexOf('U\x04data', list))}`,
    ];
    const file = Buffer.from(changed.join(''), 'latin1');
    expect(() => parseCifarPickle(file, 'labels')).toThrow(
      "'labels' is not a list of 4 labels, one for each image",
    );
  });

  it('has the binary rows as they are, the labels asked for, and finds the unpacked folder', async () => {
    const root = await temporaryDirectory();
    await writeCifar100(root);
    const fine = await loadCifar100({ root });
    const coarse = await loadCifar100({ root, labels: 'coarse' });
    expect([fine.test.labels[7], coarse.test.labels[7]]).toEqual([7, 1]);
    expect(fine.test.classNames[7]).toBe('fine_7');
    expect(fine.test.read([7])).toEqual(generatedPicture(7, 3072, 4));
  });

  it('says where it looked, and how to get the files', async () => {
    const root = await temporaryDirectory();
    await expect(loadCifar10({ root })).rejects.toThrow(UsageError);
    await expect(loadCifar10({ root })).rejects.toThrow(
      /not found; looked in .*ncfm data get cifar-10/,
    );
  });

  it('names what is missing, and a file of the wrong size', async () => {
    const root = await temporaryDirectory();
    await writeCifar10(root);
    await writeFile(join(root, 'data_batch_3.bin'), Buffer.alloc(3074));
    await expect(loadCifar10({ root })).rejects.toThrow(
      `${join(root, 'data_batch_3.bin')}: it has 3074 bytes; expected a multiple of 3073`,
    );
    const partly = await temporaryDirectory();
    await copyFile(join(root, 'test_batch.bin'), join(partly, 'test_batch.bin'));
    await expect(loadCifar10({ root: partly })).rejects.toThrow(/but not data_batch_1.bin, /);
  });

  it('names the image whose label is no class', async () => {
    const root = await temporaryDirectory();
    await writeCifar10(root);
    await writeFile(join(root, 'test_batch.bin'), rows([[0], [12]], 1));
    await expect(loadCifar10({ root })).rejects.toThrow(
      /test_batch.bin: image 1 has label 12; expected/,
    );
  });
});
