import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ncfm } from './testing/capture.js';
import { folders } from './testing/folders.js';

const small = [
  ...['--set', 'model={ depth: 2, width: 4 }', '--set', 'pretrain.networks=1'],
  ...['--set', 'distill.imagesPerClass=1', '--set', 'evaluate.seeds=1'],
];

describe('--minutes', () => {
  it('tells what it chooses before the run, whose folder has it', async () => {
    const { folder, runs } = folders();
    const places = ['--runs', runs, '--cache', join(folder, 'cache'), '--name', 'fitted'];
    const options = [...places, ...small, '--set', 'distill.iterations=20'];
    const run = await ncfm('run', 'digits', '--minutes', '0.3', ...options);
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stderr).toMatch(
      /chosen: networks of width 4, about .*\n {2}1 networks of the pool, .*\n {2}20 iterations: .*\n {2}3 networks evaluated, \d+ steps each/,
    );
    const [, length] = /'evaluate\.length=\{ steps: (\d+) \}'/.exec(run.stderr)!;
    const shown = await ncfm('config', 'show', join(runs, 'fitted/config.yaml'));
    expect(shown.stdout).toMatch(
      new RegExp(`evaluate:\\n\\s+length:\\n?\\s*\\{? ?steps: ${length}`),
    );
    const again = await ncfm('run', join(runs, 'fitted'), '--minutes', '1');
    expect(again).toMatchObject({ exitCode: 2 });
    expect(again.stderr).toMatch(
      /--minutes chooses the settings of a new run, and .*fitted goes on/,
    );
  });

  it('is told by plan', async () => {
    const cache = ['--cache', join(folders().folder, 'cache')];
    const plan = await ncfm('plan', 'digits', '--minutes', '0.3', '--json', ...cache, ...small);
    expect(plan).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(plan.stdout)).toMatchObject({ seconds: expect.any(Number) });
    expect(plan.stderr).toContain('distill.iterations=');
  });

  it.each(['0', '-3', 'ten', ''])('is not %j', async (minutes) => {
    const run = await ncfm('run', 'digits', '--minutes', minutes);
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stderr).toContain('Expected a number above 0.');
  });
});
