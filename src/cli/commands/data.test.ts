import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Command } from 'commander';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailureError, UsageError } from '../../core/errors.js';
import { temporaryFolder } from '../../core/testing/folder.js';
import { catalog, findInCatalog } from '../../data/catalog/catalog.js';
import type { InspectionReport } from '../../data/inspection/inspect.js';
import { Invocation } from '../invocation.js';
import { describeReport } from './data/check-report.js';
import { addDataCommand } from './data.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** Runs `ncfm data …`; rejects with the error that the command line would report. */
async function data(...args: string[]) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) =>
    new Writable({
      write: (chunk, _encoding, done) => {
        written[name] += String(chunk);
        done();
      },
    });
  const invocation = new Invocation({ stdout: stream('stdout'), stderr: stream('stderr') });
  const program = new Command('ncfm').exitOverride();
  program.configureOutput({ writeErr: () => undefined });
  addDataCommand(program, invocation);
  await program.parseAsync(['data', ...args], { from: 'user' });
  return { ...written, exitCode: invocation.exitCode };
}

describe('ncfm data list', () => {
  it('lists every dataset with its size and terms', async () => {
    vi.stubEnv('NCFM_DATA', temporaryFolder());
    const { stdout } = await data('list');
    for (const { name, terms } of catalog) {
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
      expect(stdout).toContain(terms);
    }
    expect(stdout).toMatch(/^cifar-10 +10 +50000 \+ 10000 +3 × 32 × 32 +170 MB$/m);
    expect(stdout).toMatch(/^digits .* in the package$/m);
  });

  it('knows what is here', async () => {
    const folder = temporaryFolder();
    vi.stubEnv('NCFM_DATA', folder);
    mkdirSync(join(folder, 'mnist'));
    const [first, ...others] = findInCatalog('mnist')!.layout;
    for (const name of others) writeFileSync(join(folder, 'mnist', name), '');
    expect((await data('list')).stdout).toMatch(/^mnist .* 11\.6 MB$/m);
    writeFileSync(join(folder, 'mnist', first!), '');
    expect((await data('list')).stdout).toMatch(/^mnist .* is here$/m);
  });

  it('tells where each is, as JSON', async () => {
    const folder = temporaryFolder();
    vi.stubEnv('NCFM_DATA', folder);
    const { datasets } = JSON.parse((await data('list', '--json')).stdout);
    expect(datasets).toHaveLength(catalog.length);
    expect(datasets).toContainEqual(
      expect.objectContaining({
        name: 'mnist',
        here: false,
        folder: join(folder, 'mnist'),
        download: 11_594_722,
      }),
    );
  });
});

describe('ncfm data get', () => {
  it('has nothing to get of the digits', async () => {
    const { stdout } = await data('get', 'digits');
    expect(stdout).toBe('digits comes with ncfm; there is nothing to get\n');
  });

  it('tells, without a connection, what to put where', async () => {
    vi.stubGlobal('fetch', () => {
      const cause = Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' });
      return Promise.reject(new TypeError('fetch failed', { cause }));
    });
    const to = join(temporaryFolder(), 'cifar');
    const running = data('get', 'cifar-10', '--to', to);
    await expect(running).rejects.toThrow(FailureError);
    await expect(running).rejects.toThrow(
      [
        '  being  170052171 bytes, md5 c32a1d4ab5d03f1284b67883e8d87530, sha256 c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
        `  put it at ${join(to, 'cifar-10-binary.tar.gz')}`,
      ].join('\n'),
    );
    expect(readdirSync(to)).toEqual([]);
  });

  it('suggests the name that was meant', async () => {
    const running = data('get', 'tiny-imagnet');
    await expect(running).rejects.toThrow(UsageError);
    await expect(running).rejects.toThrow("Did you mean 'tiny-imagenet'?");
  });
});

describe('ncfm data check', () => {
  it('reports a whole dataset', async () => {
    const { stdout, stderr, exitCode } = await data('check', 'digits');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('train       1195 images of 1 × 8 × 8, 76.5 kB, none damaged\n');
    expect(stdout).toContain('test        602 images of 1 × 8 × 8');
    expect(stdout).toMatch(/^classes {5}10, order [0-9a-f]{16}$/m);
    expect(stdout).toMatch(/^duplicates {2}/m);
    expect(stdout).toMatch(/^ +class +train +test\n0 +0 +\d+ +\d+$/m);
    expect(stderr).toContain('1797 of 1797 images');
  });

  it('gives everything as JSON, and no progress if told so', async () => {
    const { stdout, stderr } = await data('check', 'digits', '--json', '--quiet');
    const report = JSON.parse(stdout);
    expect(report.parts[0].counts).toHaveLength(10);
    expect(report.classOrderHash).toHaveLength(64);
    expect(report.parts[1]).toMatchObject({ split: 'test', images: 602, damaged: [] });
    expect(stderr).toBe('');
  });

  it('suggests the name that was meant', async () => {
    await expect(data('check', 'digit')).rejects.toThrow("Did you mean 'digits'?");
  });

  it('shows damage, duplicates and the extremes of many classes', () => {
    const names = Array.from({ length: 100 }, (_, label) => `kind-${label}`);
    const damaged = { index: 3, place: 'cat/3.png', reason: 'cat/3.png: it is cut off' };
    const images = [
      { split: 'train', index: 1, label: 2 },
      { split: 'test', index: 5, label: 3 },
    ];
    const report: InspectionReport = {
      classNames: names,
      classOrderHash: 'abc'.repeat(20),
      parts: [
        {
          split: 'train',
          images: 4950,
          shape: { channels: 3, height: 2, width: 2 },
          bytes: 59_400,
          counts: names.map((_, label) => label),
          mean: [0.1, 0.2, 0.3],
          std: [0, 0.5, 0.25],
          damaged: [damaged],
        },
      ],
      duplicates: {
        withinParts: 0,
        acrossParts: 1,
        withDifferentLabels: 1,
        groups: [{ images, labelsDiffer: true, crossesParts: true }],
      },
    };
    const text = describeReport('own', report);
    expect(text).toContain('4950 images of 3 × 2 × 2, 59.4 kB, 1 DAMAGED\n');
    expect(text).toContain('mean 0.1000 0.2000 0.3000  std 0.0000 0.5000 0.2500\n');
    expect(text).toContain('kind-99');
    expect(text).not.toContain('kind-50');
    expect(text).toContain('and 80 classes of sizes between these\n');
    expect(text).toContain('train 1 (class 2) = test 5 (class 3)  in different classes\n');
    expect(text).toContain('\nDamaged\n  cat/3.png: it is cut off\n');
  });
});

describe('ncfm data show', () => {
  it('writes a contact sheet', async () => {
    const out = join(temporaryFolder(), 'sheets', 'digits.png');
    const { stdout } = await data('show', 'digits', '--out', out, '--per-class', '4');
    expect(stdout).toBe(`40 images of digits (train) in ${out}\n`);
    const { format, width, height } = await sharp(out).metadata();
    expect(format).toBe('png');
    // Ten rows of four, each enlarged from 8 to 64 pixels.
    expect(height).toBeGreaterThan(640);
    expect(width).toBeGreaterThan(256);
    expect(width).toBeLessThan(400);
  });

  it('takes the other part, and tells as JSON', async () => {
    const out = join(temporaryFolder(), 'sheet.png');
    const args = ['digits', '--split', 'test', '--per-class', '1', '--out', out, '--json'];
    const { stdout } = await data('show', ...args);
    const result = { path: out, dataset: 'digits', split: 'test', classes: 10, images: 10 };
    expect(JSON.parse(stdout)).toEqual(result);
    expect(existsSync(out)).toBe(true);
  });

  it.each(['0', '1.5', 'many', '2000'])('refuses %s images per class', async (count) => {
    await expect(data('show', 'digits', '--per-class', count)).rejects.toThrow(
      'Expected an integer from 1 to 1000.',
    );
  });
});
