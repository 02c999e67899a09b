import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ncfm } from '../testing/capture.js';
import { folders } from '../testing/folders.js';

const steps = [
  ...['--set', 'continual={ steps: 2, seeds: 2, memories: [random, ncfm], jointEpochs: 0.5 }'],
  ...['--set', 'model.width=8'],
];

describe('continual', () => {
  it('tells each step and prints a table, with a row for each memory and for the bound', async () => {
    const { runs, flags } = folders();
    const { exitCode, stdout, stderr } = await ncfm('continual', 'digits', ...flags, ...steps);
    expect(exitCode).toBe(0);
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(
      /^memory +after 10 classes \(%\) +mean over steps \(%\) +forgetting \(points\) +n$/,
    );
    expect(rows.map((row) => row.split(' ')[0])).toEqual(['random', 'ncfm', 'joint']);
    for (const row of rows) expect(row).toMatch(/^\w+( +-?\d+\.\d\d ± +\d+\.\d\d){3} +2$/);
    expect(stderr).toMatch(/^continual +seed 2\/2 {2}step 1\/2 {2}(\w+, ){4}\w+ \(5 seen\)$/m);
    expect(stderr).toMatch(/^continual +seed 2\/2 {2}step 2\/2 {2}random .* % {2}distilled .* % /m);
    expect(stderr).toMatch(/^curves +.*runs\/digits\/continual\.svg$/m);
    const stored = JSON.parse(readFileSync(join(runs, 'digits', 'continual.json'), 'utf8'));

    const again = await ncfm('continual', join(runs, 'digits'), ...flags.slice(2, 4), '--json');
    expect(JSON.parse(again.stdout)).toEqual({ ...stored, directory: join(runs, 'digits') });
  });

  it('has no forgetting to tell of a single step', async () => {
    const { flags } = folders();
    const one = [
      '--set',
      'continual={ steps: 1, seeds: 1, memories: [herding], jointEpochs: null }',
    ];
    const { stdout } = await ncfm('continual', 'digits', ...flags, ...one, '--quiet');
    expect(stdout).toMatch(/^memory +after 10 classes \(%\) +mean over steps \(%\) +n\nherding /);
  });

  it.each([
    ['continual.memories=[ncfm, start, ncfm]', 'continual.memories[2]: distilled is given twice'],
    [
      'continual.memories=[ncmf]',
      'expected random, herding, k-centre, forgetting, start or distilled',
    ],
    ['continual.classOrder=sorted', 'expected random, or a list of the numbers of all classes'],
    ['continual.classOrder=[0, 1]', 'each of the numbers 0 to 9 once, for the 10 classes'],
    ['evaluate.labels={ mode: static }', 'evaluate.labels.mode: expected hard, found static'],
    ['pretrain.pool=elsewhere', 'elsewhere'],
  ])('refuses %s', async (setting, message) => {
    const { flags } = folders();
    const refused = await ncfm('continual', 'digits', ...flags, '--set', setting);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  });
});
