import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { ncfm } from './testing/capture.js';

/** Commands that would work for long, given something to work on: they are given what isn't there. */
const working = [
  ['run'],
  ['pretrain'],
  ['distill'],
  ['plan'],
  ['evaluate'],
  ['label'],
  ['export'],
  ['config', 'import'],
  ['data', 'get'],
  ['data', 'check'],
  ['data', 'show'],
];

/** Commands that answer at once, whatever they are given. */
const answering = [[], ['presets'], ['config'], ['config', 'show'], ['data'], ['data', 'list']];

const nowhere = ['', 'no-such-thing', './no/such.yaml', '../nowhere', 'digts', '-', '\u0000', '☃'];
const known = ['digits', 'fashion-quick', 'own-data', 'cifar10-ipc1'];

const texts = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '1e9',
    'auto',
    'cpu',
    'cuda:9',
    '2GB',
    '--',
    '--json',
    'none',
  ),
  fc.constantFrom('seed=2', 'distill.alpha=7', 'distill={', 'a.b.c=1', '=', '__proto__=1'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);

const flags = [
  '--json',
  '--quiet',
  '--replace',
  '--help',
  '--whole-data',
  '--ranking',
  '--version',
];
const valued = [
  ...['--set', '--ipc', '--seed', '--threads', '--device', '--memory', '--name', '--runs'],
  ...['--cache', '--root', '--out', '--per-class', '--format', '--models', '--config', '--factor'],
];

/** Options with and without values, known and unknown, in any number. */
const options = fc.array(
  fc.oneof(
    fc.constantFrom(...flags).map((flag) => [flag]),
    fc.tuple(fc.constantFrom(...valued), texts),
    fc.tuple(fc.constantFrom(...valued), texts).map(([name, value]) => [`${name}=${value}`]),
    fc.tuple(fc.constant('--data'), fc.constantFrom(...nowhere)),
    fc.constantFrom(...valued, '--no-such', '-x', '-hx', '--', '--=').map((name) => [name]),
  ),
  { maxLength: 4 },
);

const commandLines = fc
  .oneof(
    fc.tuple(fc.constantFrom(...working), fc.array(fc.constantFrom(...nowhere), { maxLength: 2 })),
    fc.tuple(
      fc.constantFrom(...answering),
      fc.array(fc.constantFrom(...nowhere, ...known), { maxLength: 2 }),
    ),
    fc.tuple(fc.constantFrom(['rnu'], ['data', 'gte'], ['']), fc.constant([])),
  )
  .chain(([command, operands]) =>
    options.map((chosen) => [...command, ...operands, ...chosen.flat()]),
  );

describe('whatever is typed', () => {
  let before: string;
  beforeAll(() => {
    before = process.cwd();
  });
  afterAll(() => process.chdir(before));

  it('ends with an exit code and a message, and writes nothing when refused', async () => {
    const folder = temporaryFolder();
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
    const codes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(commandLines, async (args) => {
        const { exitCode, stdout, stderr } = await ncfm(...args);
        codes.add(exitCode);
        expect([0, 1, 2]).toContain(exitCode);
        expect(exitCode === 0 ? stdout : stderr).not.toBe('');
        expect(stderr + stdout).not.toMatch(/unexpected error|^\s+at .*:\d+:\d+/m);
        if (exitCode !== 0 && args.includes('--json')) {
          expect(JSON.parse(stdout)).toMatchObject({ error: { exitCode } });
        }
        expect(readdirSync(folder)).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(codes).toContain(0);
    expect(codes).toContain(2);
  });
});
