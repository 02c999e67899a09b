import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../dist/core/index.js';
import { unpackArchive } from '../../dist/data/archives/unpack.js';
import { readEnds } from '../../dist/data/cache/flat-file.js';
import { measurePicture } from '../../dist/data/decoding/high-bit-depth.js';
import { chooseScale } from '../../dist/data/decoding/value-scale.js';
import {
  decodePicture,
  loadArrays,
  loadCifar10,
  loadCifar100,
  loadSvhn,
  openParquet,
  readIdx,
} from '../../dist/entries/data.js';
import { openDistilledSet } from '../../dist/entries/evaluate.js';
import { loadPt, loadSafetensors, tensorsIn } from '../../dist/tensor/index.js';
import { gzipLayer, type Layer, matLayer, ptLayer, tarLayer, zipLayer } from './layers.js';
import { archive, cacheFile, distilledFile, ptFile, safetensorsFile, smallIdx } from './seeds.js';
import { parquetFiles } from './seeds-parquet.js';

/** A reader of files, and whole files to begin with. */
export interface Reader {
  readonly name: string;
  /** What the file is called in the folder that it is read from. */
  readonly file: string;
  seeds(): Promise<readonly Buffer[]> | readonly Buffer[];
  readonly layer?: Layer;
  /** Puts the files beside it that it is read with. */
  prepare?(folder: string): void;
  /** Reads all of it, and releases what it gave. */
  read(path: string, folder: string): Promise<void> | void;
  /** Whether a library reads it, so that its errors may be of any class behind our own. */
  readonly library?: boolean;
}

const fixtures = fileURLToPath(new URL('../../src/data/testing/fixtures/', import.meta.url));
const fixture = (name: string) => readFileSync(join(fixtures, name));
const cifar10 = 'arrays/cifar-10-batches-py';

const idx: Reader = {
  name: 'idx',
  file: 'images-idx3-ubyte.gz',
  seeds: () => [
    smallIdx([5, 4, 3]),
    smallIdx([7]),
    gzipLayer.close(new Map([['content', smallIdx([5, 4, 3])]])),
  ],
  layer: gzipLayer,
  read: async (path) => {
    await readIdx(path);
  },
};

const npz: Reader = {
  name: 'npz',
  file: 'set.npz',
  seeds: () => ['pair', 'keras', 'medmnist', 'named'].map((name) => fixture(`arrays/${name}.npz`)),
  layer: zipLayer,
  read: async (path) => {
    await loadArrays(path);
  },
};

const safetensors: Reader = {
  name: 'safetensors',
  file: 'tensors.safetensors',
  seeds: () => [safetensorsFile()],
  read: (path) => {
    for (const tensor of loadSafetensors(path).tensors.values()) tensor.dispose();
  },
};

const pt: Reader = {
  name: 'pt',
  file: 'tensors.pt',
  seeds: () => [ptFile(), readFileSync(join(fixtures, '../../../exchange/testing/unordered.pt'))],
  layer: ptLayer,
  read: (path) => {
    for (const tensor of tensorsIn(loadPt(path))) tensor.dispose();
  },
};

const set: Reader = {
  name: 'distilled-set',
  file: 'set.pt',
  seeds: () => [distilledFile()],
  layer: ptLayer,
  read: async (path) => {
    using opened = await openDistilledSet(path);
    opened.images.toBytes();
  },
};

const cifarPython: Reader = {
  name: 'cifar-python',
  file: 'data_batch_1',
  seeds: () => [fixture(`${cifar10}/data_batch_1`)],
  prepare: (folder) => {
    for (const name of readdirSync(join(fixtures, cifar10))) {
      if (name !== 'data_batch_1') copyFileSync(join(fixtures, cifar10, name), join(folder, name));
    }
  },
  read: async (_, folder) => {
    await loadCifar10({ root: folder });
  },
};

const cifarBinary: Reader = {
  name: 'cifar-binary',
  file: 'train.bin',
  seeds: () => [rows(100)],
  prepare: (folder) => {
    const names = Array.from({ length: 100 }, (_, index) => `class ${index}\n`).join('');
    writeFileSync(join(folder, 'fine_label_names.txt'), names);
    writeFileSync(join(folder, 'test.bin'), rows(100));
  },
  read: async (_, folder) => {
    await loadCifar100({ root: folder });
  },
};

/** CIFAR-100's rows, one of each class. */
function rows(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => Buffer.alloc(2 + 3072, index).fill(0, 0, 1)),
  );
}

const mat: Reader = {
  name: 'mat',
  file: 'train_32x32.mat',
  seeds: () => [fixture('arrays/svhn/train_32x32.mat')],
  layer: matLayer,
  prepare: (folder) => {
    copyFileSync(join(fixtures, 'arrays/svhn/test_32x32.mat'), join(folder, 'test_32x32.mat'));
  },
  read: async (_, folder) => {
    await loadSvhn({ root: folder });
  },
};

const parquet: Reader = {
  name: 'parquet',
  file: 'train.parquet',
  seeds: parquetFiles,
  library: true,
  read: async (path) => {
    const { train, test } = await openParquet(path, { size: 4, channels: 3 });
    for (const part of [train, test]) {
      for (let index = 0; index < part.labels.length; index++) await part.decode(index);
    }
  },
};

const pictures: readonly Reader[] = [
  ['jpeg', ['grey.jpg', 'orientation-3.jpg', 'cmyk.jpg', 'progressive.jpg']],
  ['png', ['bilevel.png', 'palette.png', 'grey16.png', 'rgba.png']],
  ['webp', ['lossy.webp', 'lossless.webp', 'alpha.webp']],
  ['gif', ['still.gif', 'animated.gif']],
  ['tiff', ['grey16.tif', 'deflate.tif', 'cmyk.tif', 'float.tif']],
].map(([name, files]) => ({
  name: name as string,
  file: `picture.${name}`,
  seeds: () => (files as string[]).map((file) => fixture(`pictures/${file}`)),
  library: true,
  read: async (path) => {
    const shape = { channels: 3, height: 8, width: 8 };
    const measured = await measurePicture(path);
    const scale = chooseScale(measured === undefined ? [] : [measured]);
    await decodePicture(path, { shape, scale });
  },
}));

const archives: readonly Reader[] = (['zip', 'tar'] as const).map((kind) => ({
  name: kind,
  file: `archive.${kind}`,
  seeds: async () => [await archive(kind)],
  layer: kind === 'zip' ? zipLayer : tarLayer,
  library: true,
  read: unpack,
}));

/** Nothing may be made but the target. */
async function unpack(path: string, folder: string): Promise<void> {
  const room = join(folder, 'room');
  mkdirSync(room, { recursive: true });
  const before = readdirSync(folder);
  const failure = await unpackArchive({ archive: path, target: join(room, 'target') }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const strange = [
    ...readdirSync(folder).filter((name) => !before.includes(name)),
    ...readdirSync(room).filter((name) => name !== 'target'),
  ];
  rmSync(room, { recursive: true });
  if (strange.length > 0) throw new Error(`unpacking left ${strange.join(', ')}`);
  if (failure !== undefined) throw failure;
}

/** Decoded images; a damaged file is no error to users, as it is made anew: its reader tells by plain errors. */
const cache: Reader = {
  name: 'cache',
  file: 'images.ncfm',
  seeds: () => [cacheFile()],
  library: true,
  read: (path) => {
    try {
      readEnds(path);
    } catch (cause) {
      const known = cause instanceof Error && ['Error', 'SyntaxError'].includes(cause.name);
      throw known ? new UsageError(`${path}: ${cause.message}`, { cause }) : cause;
    }
  },
};

/** Every reader of files that come from elsewhere. */
export const readers: readonly Reader[] = [
  idx,
  npz,
  safetensors,
  pt,
  set,
  cifarPython,
  cifarBinary,
  mat,
  parquet,
  ...pictures,
  ...archives,
  cache,
];
