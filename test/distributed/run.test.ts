import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/core/testing/folder.js';
import { outputUntil } from '../../src/core/testing/output.js';
import { hasCollectives } from '../../src/tensor/collective.js';
import { launch, launchAll, ncfm } from './processes.js';
import { alone, few, place, product } from './runs.js';

function accuracies(run: string): unknown {
  return JSON.parse(readFileSync(join(run, 'results.json'), 'utf8')).accuracy;
}

describe.skipIf(!hasCollectives())('a run by several processes', () => {
  it('has the images and the results of one process', async () => {
    const size = 2;
    const { folder, args } = place();
    await alone(args('run', 'one', ...few));
    const all = await launchAll(size, args('run', 'several', ...few, '--json'));
    expect(all.map(({ exitCode }) => exitCode)).toEqual(new Array(size).fill(0));
    const [one, several] = [join(folder, 'one'), join(folder, 'several')];
    expect(product(several).equals(product(one))).toBe(true);
    expect(accuracies(several)).toEqual(accuracies(one));
    expect(JSON.parse(all[0]!.stdout).accuracy).toEqual(accuracies(several));
    for (const { stdout, stderr } of all.slice(1)) expect(stdout + stderr).toBe('');
    expect(existsSync(join(several, 'ranks'))).toBe(false);
    expect(existsSync(join(several, 'report.html'))).toBe(true);
  });

  it('keeps itself when one of them is told to stop, and goes on in another number of them', async () => {
    const { folder, args } = place();
    const many = ['--set', 'distill.iterations=120'];
    await alone(args('distill', 'one', ...many));
    const told = args('distill', 'stopped', ...many).filter((arg) => arg !== '--quiet');
    const launched = launch(2, told);
    await outputUntil(launched[0]!.child.stderr!, /iteration \d/);
    launched[1]!.child.kill('SIGTERM');
    const [first, second] = await Promise.all(launched.map(({ ended }) => ended));
    expect([first!.exitCode, second!.exitCode]).toEqual([1, 143]);
    expect(second!.stderr).toContain('process 1 of 2: stopped by a termination signal');
    const on = [ncfm, 'distill', join(folder, 'stopped'), ...args('', '').slice(5)];
    const all = await launchAll(1, on);
    expect(all.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([[0, '']]);
    expect(product(join(folder, 'stopped')).equals(product(join(folder, 'one')))).toBe(true);
  });

  it('goes on where a launcher starts it anew, whatever it was started with', async () => {
    const { folder, args } = place();
    const once = args('distill', 'restarted', ...few, '--replace');
    await alone(once);
    const before = product(join(folder, 'restarted'));
    const env = { TORCHELASTIC_RUN_ID: 'mine', TORCHELASTIC_RESTART_COUNT: '1' };
    const [ended] = await launchAll(1, once, { env });
    expect(ended!.exitCode, ended!.stderr).toBe(0);
    const log = readFileSync(join(folder, 'restarted', 'events.jsonl'), 'utf8');
    expect(log).toContain('distill-resume');
    expect(product(join(folder, 'restarted')).equals(before)).toBe(true);
  });
});

describe.skipIf(!hasCollectives())('several processes', () => {
  it('refuse what each would do by itself, and settings that differ', async () => {
    const { args } = place();
    const refused = await launchAll(2, args('compare', 'both'));
    for (const { exitCode, stderr } of refused) {
      expect([exitCode, stderr]).toEqual([
        2,
        expect.stringContaining('not done by several processes'),
      ]);
    }
    const env = { MASTER_PORT: '2' };
    const [first, second] = await Promise.all(
      [0, 1].map(
        (rank) =>
          launch(2, args('run', 'one', ...few, '--seed', String(rank)), { env, ranks: [rank] })[0]!
            .ended,
      ),
    );
    expect([first!.exitCode, second!.exitCode]).toEqual([2, 2]);
    expect(first!.stderr).toContain('process 1 was started with other settings than process 0');
  });

  it('tell torchrun why they have failed', async () => {
    const folder = temporaryFolder();
    const env = { TORCHELASTIC_ERROR_FILE: join(folder, 'error.json') };
    const [ended] = await launchAll(1, place().args('run', 'wrong', '--set', 'distill.wrong=1'), {
      env,
    });
    expect(ended!.exitCode).toBe(2);
    const { message } = JSON.parse(readFileSync(env.TORCHELASTIC_ERROR_FILE, 'utf8'));
    expect(message.message).toContain('distill.wrong: unknown key');
    expect(message.extraInfo).toEqual({
      py_callstack: expect.stringContaining('UsageError'),
      timestamp: expect.stringMatching(/^\d+$/),
    });
  });
});
