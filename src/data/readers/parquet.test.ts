import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteFile } from 'hyparquet-writer';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { openCached } from '../cache/open-cached.js';
import type { DatasetPair } from '../dataset/dataset.js';
import { describeCorruption } from '../testing/corruption-suite.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { temporaryDirectory, withTemporaryDirectory } from '../testing/files.js';
import { generatedPicture } from '../testing/generated-pictures.js';
import { openParquet, type ParquetOptions } from './parquet.js';

const side = 6;

/** A picture of noise as PNG; the same number gives the same one. */
function png(number: number): Promise<Buffer> {
  const raw = { width: side, height: side, channels: 3 as const };
  return sharp(generatedPicture(number, side * side * 3, 1), { raw })
    .png()
    .toBuffer();
}

/** Writes pictures as Hugging Face does: a structure of bytes and path, a class number, and the features' description. */
async function writeParquet(
  filename: string,
  first: number,
  count: number,
  { names = ['cat', 'dog', 'owl'], nested = true } = {},
): Promise<void> {
  const pictures = await Promise.all(Array.from({ length: count }, (_, row) => png(first + row)));
  const image = pictures.map((bytes, row) => ({
    bytes: new Uint8Array(bytes),
    path: `${row}.png`,
  }));
  const label = Array.from({ length: count }, (_, row) => BigInt((first + row) % 3));
  const features = { image: { _type: 'Image' }, label: { names, _type: 'ClassLabel' } };
  parquetWriteFile({
    filename,
    columnData: nested
      ? [
          { name: 'image', data: image },
          { name: 'label', data: label },
        ]
      : [
          { name: 'img', data: image.map(({ bytes }) => bytes), type: 'BYTE_ARRAY' },
          { name: 'label', data: label },
        ],
    ...(nested && {
      schema: [
        { name: 'schema', num_children: 2 },
        { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
    }),
    rowGroupSize: 5,
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
  });
}

async function writeFolder(folder: string): Promise<void> {
  await mkdir(join(folder, 'data'));
  await writeParquet(join(folder, 'data/train-00000-of-00002.parquet'), 0, 12);
  await writeParquet(join(folder, 'data/train-00001-of-00002.parquet'), 12, 9);
  await writeParquet(join(folder, 'data/test-00000-of-00001.parquet'), 21, 6);
}

async function load(path: string, options: ParquetOptions = {}): Promise<DatasetPair> {
  const { train, test } = await openParquet(path, { size: side, ...options });
  return withTemporaryDirectory(async (folder) => {
    const dataset = await openCached(train, { folder });
    const { normalization } = dataset;
    return { train: dataset, test: await openCached(test, { folder, normalization }) };
  });
}

describeDataset(
  'a folder of parquet files',
  () =>
    withTemporaryDirectory(async (folder) => {
      await writeFolder(folder);
      return load(folder, { name: 'pets' });
    }),
  { name: 'pets', shape: [3, side, side], classes: 3, trainImages: 21, testImages: 6 },
);

describeCorruption('a parquet file', {
  place: async (folder) => {
    await writeParquet(join(folder, 'pets.parquet'), 0, 30);
    return join(folder, 'pets.parquet');
  },
  load: async (folder) => (await load(join(folder, 'pets.parquet'))).train,
});

describe('openParquet', () => {
  it('decodes every row of every file, in order, with the classes that the file names', async () => {
    const folder = await temporaryDirectory();
    await writeFolder(folder);
    const { train, test } = await load(folder);
    expect([train.classNames, [...test.labels]]).toEqual([
      ['cat', 'dog', 'owl'],
      [0, 1, 2, 0, 1, 2],
    ]);
    for (const [dataset, row, number] of [
      [train, 4, 4],
      [train, 13, 13],
      [test, 5, 26],
    ] as const) {
      const interleaved = generatedPicture(number, side * side * 3, 1);
      const planes = Uint8Array.from(interleaved, (_, place) => {
        const plane = side * side;
        return interleaved[(place % plane) * 3 + Math.floor(place / plane)]!;
      });
      expect(dataset.read([row])).toEqual(planes);
    }
  });

  it('takes one file, holding a share of it out, and pictures that are plain bytes', async () => {
    const path = join(await temporaryDirectory(), 'pets.parquet');
    await writeParquet(path, 0, 30, { nested: false });
    const { train, test } = await load(path, { testShare: 0.3 });
    expect(train.labels.length + test.labels.length).toBe(30);
    expect([...test.labels].sort()).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
  });

  it('knows the usual names of parts, and tells which it took for what', async () => {
    const folder = await temporaryDirectory();
    const notes: string[] = [];
    const open = async () => {
      notes.length = 0;
      return openParquet(folder, { size: side, channels: 3, onNote: (note) => notes.push(note) });
    };
    await writeParquet(join(folder, 'Training.parquet'), 0, 12);
    expect((await open()).test.labels).toHaveLength(3);
    expect(notes).toEqual([expect.stringContaining('no test part: 3 of 12 pictures are held out')]);
    await writeParquet(join(folder, 'dev-00000-of-00001.parquet'), 12, 6);
    expect((await open()).test.labels).toHaveLength(6);
    expect(notes).toEqual([expect.stringContaining('the validation part is measured on: dev-0')]);
    await writeParquet(join(folder, 'testing_0.parquet'), 18, 9);
    expect((await open()).test.labels).toHaveLength(9);
    expect(notes).toEqual([
      'the validation part dev-00000-of-00001.parquet is neither trained nor tested on',
    ]);
  });

  it('names the file and the row of a picture that is damaged', async () => {
    const path = join(await temporaryDirectory(), 'pets.parquet');
    parquetWriteFile({
      filename: path,
      columnData: [
        {
          name: 'image',
          data: [await png(1), Buffer.from('no picture'), await png(2), await png(3)].map(
            (b) => new Uint8Array(b),
          ),
          type: 'BYTE_ARRAY',
        },
        { name: 'label', data: [0, 0, 1, 1], type: 'INT32' },
      ],
    });
    await expect(load(path)).rejects.toThrow(UsageError);
    await expect(load(path)).rejects.toThrow(`${path}, row 1: this is not a picture`);
  });

  it('says which columns and files it expected', async () => {
    const folder = await temporaryDirectory();
    await expect(openParquet(folder)).rejects.toThrow(
      /no files named train-….parquet here; found no/,
    );
    const path = join(folder, 'numbers.parquet');
    parquetWriteFile({ filename: path, columnData: [{ name: 'x', data: [1, 2], type: 'INT32' }] });
    await expect(openParquet(path)).rejects.toThrow(
      `${path}: there is no column of pictures (image, img, picture); its columns are x`,
    );
    await expect(openParquet(join(folder, 'absent.parquet'))).rejects.toThrow(/absent.parquet/);
  });

  it('reads more labels than fit on the stack', async () => {
    const filename = join(await temporaryDirectory(), 'many.parquet');
    const image = new Array(200_000).fill(new Uint8Array(await png(0)));
    const label = Array.from(image, (_, row) => row % 2);
    parquetWriteFile({
      filename,
      columnData: [
        { name: 'image', data: image, type: 'BYTE_ARRAY', encoding: 'PLAIN' },
        { name: 'label', data: label, type: 'INT32' },
      ],
    });
    const { train, test } = await openParquet(filename, { size: 4, channels: 3 });
    expect(train.labels.length + test.labels.length).toBe(200_000);
  });
});
