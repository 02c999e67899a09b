import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { arrayDataset, type Dataset } from '../../data/index.js';
import { loadDigits } from '../../data/readers/digits.js';
import { loadPt, Tensor } from '../../tensor/index.js';
import { pythonHas, pythonWithTorch, runPython } from '../../tensor/testing/python.js';
import { decodeFor } from '../decode-for.js';
import { openDistilledSet } from '../distilled-set.js';
import { placeRun as place } from '../testing/place-run.js';
import { classFolders } from './files.js';
import { exportFormats, exportRun } from './index.js';

let digits: Dataset;
beforeAll(async () => {
  digits = (await loadDigits()).train;
});

/** A run of the digits. */
const placeRun = (options: { readonly soft?: boolean } = {}): string => place(digits, options);

/** The images and labels of a run's set as networks train on them. */
async function trainingImages(path: string) {
  using set = await openDistilledSet(path);
  const { images, labels, probabilities } = decodeFor(set, digits);
  using ownImages = images;
  using ownLabels = labels;
  probabilities?.dispose();
  return {
    pixels: [...ownImages.toFloat32Array()],
    labels: Array.from(ownLabels.toArray(), Number),
  };
}

describe('pictures', () => {
  it('are exactly the rounded pixels, in folders that sort as the classes do', async () => {
    const run = placeRun();
    const { pixels } = await trainingImages(run);
    const { folder } = await exportRun({ run, format: 'png' });
    const classes = readdirSync(folder).filter((name) => !name.includes('.'));
    expect(classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(readdirSync(join(folder, '3')).sort()[7]).toBe('7.png');
    const { data, info } = await sharp(join(folder, '3', '7.png'))
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(1);
    const first = 64 * (3 * 8 + 7);
    const expected = pixels.slice(first, first + 64).map((pixel) => Math.round(255 * pixel));
    expect([...data]).toEqual(expected);
  });

  it('lie in folders whose names suit any file system and any number of classes', () => {
    expect(classFolders(['T-shirt/top', 'Café ☕', '::'])).toEqual([
      '0-t-shirt-top',
      '1-cafe',
      '2',
    ]);
    const many = classFolders(Array.from({ length: 11 }, (_, label) => `class ${label}`));
    expect(many[2]).toBe('02-class-2');
    expect([...many].sort()).toEqual(many);
  });
});

describe('parquet', () => {
  it("is laid out as Hugging Face's datasets are, soft labels included", async () => {
    const run = placeRun();
    const { pixels } = await trainingImages(run);
    const { folder } = await exportRun({ run, format: 'parquet' });
    const path = join(folder, 'data', 'train-00000-of-00001.parquet');
    const buffer = await asyncBufferFromFile(path);
    const { key_value_metadata: metadata } = await parquetMetadataAsync(buffer);
    const described = metadata!.find(({ key }) => key === 'huggingface')!.value!;
    const { features } = JSON.parse(described).info;
    expect(features.image).toEqual({ _type: 'Image' });
    expect(features.label).toEqual({ _type: 'ClassLabel', names: digits.classNames });
    const rows = await parquetReadObjects({ file: buffer, utf8: false });
    expect(rows).toHaveLength(80);
    const { image, label, probabilities } = rows[41]!;
    expect(Number(label)).toBe(5);
    expect(probabilities).toHaveLength(10);
    expect(probabilities.reduce((sum: number, one: number) => sum + one, 0)).toBeCloseTo(1, 5);
    const picture = await sharp(Buffer.from(image.bytes)).toColourspace('b-w').raw().toBuffer();
    const expected = pixels.slice(64 * 41, 64 * 42).map((pixel) => Math.round(255 * pixel));
    expect([...picture]).toEqual(expected);
  });
});

describe('soft labels', () => {
  it('go with the decoded images, and only with them', async () => {
    const run = placeRun();
    const decoded = await exportRun({ run, format: 'pt' });
    expect(decoded.softLabels).toBe(true);
    const soft = loadPt(join(decoded.folder, 'soft-labels.pt')) as Tensor;
    expect(soft).toBeInstanceOf(Tensor);
    expect(soft.shape).toEqual([80, 10]);
    soft.dispose();
    const stored = await exportRun({ run, format: 'pt', form: 'stored' });
    expect(stored.softLabels).toBe(false);
    const card = readFileSync(join(stored.folder, 'README.md'), 'utf8');
    expect(card).toContain('the soft labels belong to the decoded images and are left out here');
  });
});

describe('the card', () => {
  it.each(['distilled', 'ncfm'])('tells accuracies, whose set results call %s', async (name) => {
    const run = placeRun();
    const accuracy = { random: { mean: 50, std: 1, n: 2 }, [name]: { mean: 61.5, std: 2, n: 2 } };
    const protocol = { student: { name: 'convnet' }, hash: 'abc' };
    const results = { accuracy, protocol, evaluatedOn: 'test' };
    writeFileSync(join(run, 'results.json'), JSON.stringify(results));
    const { folder } = await exportRun({ run, format: 'npz' });
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('| as many random real images | 50.00 ± 1.00 | 2 |');
    expect(card).toContain('| this set | 61.50 ± 2.00 | 2 |');
  });

  it.each([
    ['ncfm', 'distilled from digits\nby neural characteristic function matching (NCFM,'],
    ['dm', 'distilled from digits\nby the method DM with ncfm.'],
    ['gone', 'distilled from digits\nwith ncfm.'],
  ])('names the method that the run had: %s', async (method, expected) => {
    const run = placeRun();
    writeFileSync(join(run, 'config.yaml'), `distill: { method: ${method} }\n`);
    const { folder } = await exportRun({ run, format: 'npz' });
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(expected);
  });

  it('says that images are whitened, and the set keeps that and its step size', async () => {
    const run = place({ ...digits, whitening: 'zca' }, { soft: false, stepSize: 0.02 });
    const { folder } = await exportRun({ run, format: 'safetensors' });
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('The images are whitened (ZCA');
    expect(card).toContain('npx ncfm evaluate . --data digits --set dataset.whitening=zca\n');
    using set = await openDistilledSet(folder);
    expect(set).toMatchObject({ stepSize: 0.02, dataset: { whitening: 'zca' } });
    expect(() => decodeFor(set, digits)).toThrow(
      /distilled with dataset\.whitening: zca, and is to be tested with none/,
    );
    const { images, labels } = decodeFor(set, { ...digits, whitening: 'zca' });
    for (const tensor of [images, labels]) tensor.dispose();
  });

  it.each(exportFormats)('of %s says what the set is, and under which terms', async (format) => {
    const { folder } = await exportRun({ run: placeRun(), format });
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toMatch(
      /^---\npretty_name: "digits, distilled to 2 images per class"\nlicense: cc-by-4\.0\n/,
    );
    expect(card).toContain(`SHA-256 of the training images ${digits.hash}`);
    expect(card).toContain('CC BY 4.0, E. Alpaydin and C. Kaynak');
    expect(card).toContain(JSON.stringify(digits.normalization.mean));
    expect(card).not.toContain('undefined');
    expect(card).toContain('npx ncfm evaluate . --data digits');
  });

  it('shows names that Markdown or a shell would take for its own as they are, each on one line', async () => {
    const classNames = ['`one`', 'two\nlines', ' blank ', 'a&b <i>'];
    const labels = [0, 1, 2, 3];
    const shape = { channels: 1, height: 4, width: 4 };
    const name = '<b>*mine*; rm $HOME';
    const described = { name, split: 'train', shape, classNames, labels };
    const set = arrayDataset({ ...described, pixels: new Uint8Array(64) });
    const { folder } = await exportRun({ run: place(set, { soft: false }), format: 'pt' });
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('# \\<b\\>\\*mine\\*; rm $HOME, distilled to 2 images per class\n');
    expect(card).toContain('by number: ``"`one`"``, `"two\\nlines"`, `" blank "`, `a&b <i>`\n');
    expect(card).toContain('npx ncfm evaluate . --data path/to/the/data\n');
  });
});

describe('the folder of an export', () => {
  it('is replaced only when asked for, and only when an export made it', async () => {
    const run = placeRun({ soft: false });
    const { folder } = await exportRun({ run, format: 'npz' });
    await expect(exportRun({ run, format: 'npz' })).rejects.toThrow(/exists already.*--replace/);
    await expect(exportRun({ run, format: 'npz', replace: true })).resolves.toMatchObject({
      folder,
    });
    const out = join(run, 'mine');
    mkdirSync(out);
    writeFileSync(join(out, 'thesis.txt'), 'years of work');
    const onto = exportRun({ run, format: 'npz', out, replace: true });
    await expect(onto).rejects.toThrow(/was not made by an export and is not replaced/);
    expect(readdirSync(out)).toEqual(['thesis.txt']);
  });

  it('is there whole or not at all', async () => {
    const run = placeRun({ soft: false });
    const out = join(run, 'distilled', 'metadata.json', 'below-a-file');
    await expect(exportRun({ run, format: 'pt', out })).rejects.toThrow(/could not be written/);
    expect(existsSync(join(run, 'export'))).toBe(false);
  });

  it('needs a distilled set', async () => {
    const empty = temporaryFolder();
    await expect(exportRun({ run: empty, format: 'pt' })).rejects.toThrow(/holds no distilled set/);
  });
});

const python = pythonWithTorch();
const skipped = python === undefined ? ' (skipped: no Python with PyTorch here)' : '';

describe.skipIf(python === undefined)(`the code in the card, run by Python${skipped}`, () => {
  // Pillow reads the pictures.
  const formats = ['pt', 'npz', ...(pythonHas('PIL') ? (['png'] as const) : [])] as const;
  const cases = formats.flatMap((format) =>
    (['decoded', 'stored'] as const).map((form) => [format, form] as const),
  );

  it.each(cases)('gives the training images from %s, %s', async (format, form) => {
    const run = placeRun({ soft: false });
    const { pixels, labels } = await trainingImages(run);
    const { folder } = await exportRun({ run, format, form });
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    const code = /```python\n([\s\S]*?)```/.exec(card)![1]!;
    const told = runPython(
      `import os, sys, json\nos.chdir(sys.argv[1])\n${code}\n` +
        'print(json.dumps([inputs.flatten().tolist(), labels.tolist()]))',
      folder,
    );
    const [inputs, classes] = JSON.parse(told) as [number[], number[]];
    expect(classes).toEqual(labels);
    const { mean, std } = digits.normalization;
    const worst = inputs.reduce(
      (most, value, index) => Math.max(most, Math.abs(value * std[0]! + mean[0]! - pixels[index]!)),
      0,
    );
    expect(worst).toBeLessThan(format === 'png' ? 0.003 : 1e-5);
  });
});
