import { join } from 'node:path';
import { beforeAll, describe } from 'vitest';
import { writeFileAtomic } from '../core/index.js';
import { arrayDataset, type Dataset } from '../data/index.js';
import { loadDigits } from '../data/readers/digits.js';
import { encodeNpz } from '../data/reading.js';
import { type Corruptible, describeCorruption } from '../data/testing/corruption-suite.js';
import { initializeSynthetic, saveDistilled } from '../distill/index.js';
import { saveSafetensors } from '../tensor/index.js';
import { hostileArchives } from '../tensor/testing/hostile-archives.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { descriptionFile } from './export/description.js';
import { dataFiles } from './export/files.js';
import { decodeFor, type ExportFormat, exportRun, openDistilledSet, writePair } from './index.js';

let digits: Dataset;
beforeAll(async () => {
  digits = (await loadDigits()).train;
});

/** Two stored images per class. */
const classes = Array.from({ length: 20 }, (_, index) => Math.floor(index / 2));

/** Opens a set and decodes it for digits, as an evaluation does; a dataset checks the result once more. */
async function load(path: string): Promise<Dataset> {
  using set = await openDistilledSet(path, { channels: 1 });
  const decoded = decodeFor(set, digits);
  using images = decoded.images;
  using labels = decoded.labels;
  return arrayDataset({
    name: 'set',
    split: 'train',
    shape: digits.shape,
    pixels: images.toFloat32Array(),
    labels: Array.from(labels.toArray(), Number),
    classNames: digits.classNames,
    source: { pixels: path, labels: path },
  });
}

function placePt(folder: string): string {
  const path = join(folder, 'set.pt');
  using images = new RandomGenerator(1).uniformTensor([20, 1, 8, 8]);
  using labels = tensor(classes, [20], 'int64');
  writePair(path, { images, labels });
  return path;
}

function placeNpz(folder: string): string {
  const path = join(folder, 'set.npz');
  using images = new RandomGenerator(1).uniformTensor([20, 1, 8, 8]);
  const arrays = new Map([
    ['images', { shape: [20, 1, 8, 8], values: images.toFloat32Array() }],
    ['labels', { shape: [20], values: Int32Array.from(classes) }],
  ]);
  writeFileAtomic(path, Buffer.from(encodeNpz(arrays)));
  return path;
}

function placeSafetensors(folder: string): string {
  const path = join(folder, 'set.safetensors');
  using images = new RandomGenerator(1).uniformTensor([20, 1, 8, 8]);
  using labels = tensor(classes, [20], 'int64');
  saveSafetensors(path, new Map(Object.entries({ images, labels })));
  return path;
}

function placeRun(folder: string): void {
  using images = initializeSynthetic(digits, {
    imagesPerClass: 2,
    formation: { mode: 'single', factor: 2 },
    initialization: { kind: 'mix' },
    random: new RandomGenerator(1),
  });
  saveDistilled(join(folder, 'distilled'), images, digits);
}

/** An export of the run's set, and the file of it that is to be damaged. */
async function placeExport(folder: string, format: ExportFormat, file: string): Promise<string> {
  placeRun(folder);
  const out = join(folder, 'export');
  await exportRun({ run: folder, format, out });
  return join(out, file);
}

/** Pictures are damaged in the tests of the decoder, which reads a single one and is faster. */
const exported: readonly (readonly [ExportFormat, string])[] = [
  ['pt', dataFiles.pt],
  ['npz', dataFiles.npz],
  ['safetensors', dataFiles.safetensors],
  ['parquet', dataFiles.parquet],
  ['npz', descriptionFile],
];

const subjects: Record<string, Corruptible> = {
  'a set in a .pt file': {
    place: async (folder) => placePt(folder),
    load: (folder) => load(join(folder, 'set.pt')),
    extra: hostileArchives,
  },
  'a set in a .npz file': {
    place: async (folder) => placeNpz(folder),
    load: (folder) => load(join(folder, 'set.npz')),
  },
  'a set in a .safetensors file': {
    place: async (folder) => placeSafetensors(folder),
    load: (folder) => load(join(folder, 'set.safetensors')),
  },
  "a run's images": {
    place: async (folder) => {
      placeRun(folder);
      return join(folder, 'distilled', 'images.safetensors');
    },
    load,
  },
  "a run's description": {
    place: async (folder) => {
      placeRun(folder);
      return join(folder, 'distilled', 'metadata.json');
    },
    load,
  },
};

for (const [format, file] of exported) {
  subjects[`${file} of an export as ${format}`] = {
    place: (folder) => placeExport(folder, format, file),
    load: (folder) => load(join(folder, 'export')),
  };
}

describe('a distilled set', () => {
  for (const [title, subject] of Object.entries(subjects)) describeCorruption(title, subject);
});
