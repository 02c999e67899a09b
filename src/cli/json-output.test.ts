import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { labelsByClass } from '../distill/index.js';
import { savePt } from '../tensor/index.js';
import { RandomGenerator, testDevice } from '../tensor/testing/on-device.js';
import { ncfm } from './testing/capture.js';
import { folders } from './testing/folders.js';

const text = readFileSync(new URL('../../docs/json-output.md', import.meta.url), 'utf8');

/** The keys that the page lists below a heading, and those of them that may be absent. */
function documented(heading: string): { all: string[]; optional: string[] } {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  expect(section, `docs/json-output.md has no section '${heading}'`).toBeDefined();
  const rows = [...section!.matchAll(/^\| `(\w+)` \| (\*optional\*)?/gm)];
  return {
    all: rows.map(([, key]) => key!),
    optional: rows.flatMap(([, key, optional]) => (optional ? [key!] : [])),
  };
}

async function printed(...args: readonly string[]): Promise<object> {
  const { stdout } = await ncfm(...args, '--json');
  expect(stdout).toMatch(/^\{.*\}\n$/);
  return JSON.parse(stdout) as object;
}

function expectDocumented(heading: string, value: object): void {
  const { all, optional } = documented(heading);
  const keys = Object.keys(value);
  expect(
    keys.filter((key) => !all.includes(key)),
    `${heading}: keys that are not documented`,
  ).toEqual([]);
  const required = all.filter((key) => !optional.includes(key));
  expect(
    required.filter((key) => !keys.includes(key)),
    `${heading}: keys that are missing`,
  ).toEqual([]);
}

/** Files and folders of a run, by the README's table. */
function runsFiles(): string[] {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const table = /\| In `runs\/<name>\/` \|.*?\n\n/s.exec(readme)![0];
  const cells = [...table.matchAll(/^\| (?!In)([^|]*) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
}

describe('the object that --json prints', () => {
  const { folder, runs, flags } = folders(mkdtempSync(join(tmpdir(), 'ncfm-json-')));
  const cache = flags.slice(2);
  const run = join(runs, 'digits');
  const own = join(folder, 'set.pt');
  const official = join(folder, 'official.yaml');
  const quick = ['--set', 'evaluate={ seeds: 1, length: { steps: 2 } }'];
  const whole = ['--set', 'wholeData={ epochs: 0.05, networks: 1 }'];

  const fewSteps = [
    '--set',
    'continual={ steps: 2, seeds: 1, memories: [random, distilled], jointEpochs: null }',
  ];
  const fewNetworks = [
    ...[
      '--set',
      `search={ run: ${run}, length: { steps: 2 }, reference: { epochs: 0.1 }, sample: 2 }`,
    ],
    ...[
      '--set',
      'search.space={ widths: [4], depths: [1, 2], norms: [instance], poolings: [max] }',
    ],
    ...['--set', 'search.proxies=[random, distilled]'],
  ];

  beforeAll(async () => {
    using images = new RandomGenerator(1).uniformTensor([10, 1, 8, 8]);
    using labels = labelsByClass(10, 1, testDevice);
    savePt(own, [images, labels]);
    writeFileSync(official, 'dataset: cifar10\nipc: 10\n');
    expectDocumented('ncfm run', await printed('run', 'digits', ...flags));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  it('comes with the files that the README says a run leaves behind', () => {
    const names = runsFiles();
    expect(names).toContain('distilled/');
    expect(names.filter((name) => !existsSync(join(run, name)))).toEqual([]);
  });

  it.each<[heading: string, args: readonly string[]]>([
    ['ncfm run', ['evaluate', run, ...quick, ...whole, '--whole-data', ...cache]],
    ['ncfm pretrain', ['pretrain', 'digits', ...cache]],
    ['ncfm distill', ['distill', 'digits', '--name', 'other', ...flags]],
    ['ncfm evaluate --models', ['evaluate', run, '--models', 'mlp', ...quick, ...cache]],
    ['ncfm evaluate --ranking', ['evaluate', run, '--ranking', ...quick, ...whole, ...cache]],
    [
      'ncfm evaluate, a set of another project',
      ['evaluate', own, '--data', 'digits', '--config', 'digits', ...quick, ...cache],
    ],
    ['ncfm continual', ['continual', 'digits', '--name', 'steps', ...flags, ...fewSteps]],
    ['ncfm compare', ['compare', 'digits', '--methods', 'ncfm,dm', ...flags]],
    ['ncfm search', ['search', 'digits', '--name', 'sought', ...flags, ...fewNetworks]],
    ['ncfm label', ['label', run, ...cache]],
    ['ncfm export', ['export', run, '--format', 'npz']],
    ['ncfm plan', ['plan', 'digits', ...cache]],
    ['ncfm data list', ['data', 'list']],
    ['ncfm data get', ['data', 'get', 'digits']],
    ['ncfm data check', ['data', 'check', 'digits']],
    ['ncfm data show', ['data', 'show', 'digits', '--out', join(folder, 'sheet.png')]],
    ['ncfm presets', ['presets']],
    ['ncfm doctor', ['doctor']],
    ['ncfm config import', ['config', 'import', official]],
    ['A command that failed', ['run', 'no-such-preset']],
  ])('of %s has the keys that are documented', async (heading, args) => {
    expectDocumented(heading, await printed(...args));
  });
});
