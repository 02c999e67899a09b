import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/core/testing/folder.js';
import { outputUntil } from '../../src/core/testing/output.js';
import { hasCollectives } from '../../src/tensor/collective.js';
import { type Ended, launch, launchAll, member } from './processes.js';

function resultOf({ stdout }: Ended) {
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

/** Starts a scenario and waits until all processes are at it. */
async function going(size: number, scenario: string, env: NodeJS.ProcessEnv = {}) {
  const launched = launch(size, [member, temporaryFolder(), scenario], { env });
  await Promise.all(launched.map(({ child }) => outputUntil(child.stdout!, /going/)));
  return launched;
}

const gone = (rank: number) =>
  new RegExp(`^process ${rank} \\(pid \\d+ on .+\\) ended without a word`);

describe.skipIf(!hasCollectives())('processes that a launcher has started', () => {
  it('find each other and exchange what they have', async () => {
    const size = 3;
    const folder = temporaryFolder();
    const results = (await launchAll(size, [member, folder, 'calls'])).map(resultOf);
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    for (const result of results) {
      expect(result).toEqual({
        rows: ranks.flatMap((rank) => new Array((rank + 1) * 2).fill(rank)),
        sum: [(size * (size - 1)) / 2, size / 2],
        nothing: ranks.map((rank) => (rank === 0 ? null : 'x'.repeat(rank * 3))),
        notANumber: ['NaN'],
        state: [3, 1, 2.5, 7],
        none: true,
      });
    }
    expect(readdirSync(join(folder, 'rendezvous'))).toEqual([]);
  });

  it('wait for each other, and are not led astray by what an earlier launch has left', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'rendezvous'));
    const stale = { address: '127.0.0.1', port: 9, token: 'old' };
    const env = { TORCHELASTIC_RUN_ID: 'none', MASTER_PORT: '1' };
    const path = join(folder, 'rendezvous', 'ranks-none-localhost-1-0.json');
    writeFileSync(path, JSON.stringify(stale));
    for (const result of await launchAll(2, [member, folder, 'later'], { env })) {
      expect(resultOf(result)).toEqual({ ranks: [0, 1], first: 'the first' });
    }
  });

  it('say which of them have not come in time', async () => {
    const folder = temporaryFolder();
    const args = [member, folder, 'later'];
    const env = { NCFM_PEER_TIMEOUT: '2' };
    const [first] = await Promise.all(launch(3, args, { env, ranks: [0] }).map((one) => one.ended));
    expect(first!.stderr).toMatch(/of 3 processes 1, 2 have not come within 2 s/);
    const [second] = await Promise.all(
      launch(3, args, { env, ranks: [1] }).map((one) => one.ended),
    );
    expect(second!.stderr).toMatch(
      /process 1 of 3 on .+ has not found process 0 within 2 s; .+--cache/,
    );
  });
});

describe.skipIf(!hasCollectives())('when a process fails', () => {
  it('it throws what went wrong, and the others name it', async () => {
    const results = await launchAll(3, [member, temporaryFolder(), 'fails']);
    const [first, failed, last] = results.map(resultOf);
    expect(failed).toEqual({ error: 'no space left' });
    for (const other of [first, last]) {
      expect(other.error).toMatch(/^process 1 \(pid \d+ on .+\) has failed: no space left$/);
      expect(other.isTold).toBe(false);
    }
  });

  it('the same is told once where all do', async () => {
    const results = (await launchAll(3, [member, temporaryFolder(), 'same'])).map(resultOf);
    expect(results.filter(({ isTold = true }) => isTold)).toEqual([{ error: 'no such file' }]);
  });

  it.each([
    ['iterates', 0, 1],
    ['waits', 1, 0],
  ])(
    'by being killed (%s, process %i), one of the others names it',
    async (scenario, victim, speaker) => {
      const launched = await going(3, scenario);
      launched[victim]!.child.kill('SIGKILL');
      const all = await Promise.all(launched.map(({ ended }) => ended));
      const left = all
        .map((ended, rank) => ({ rank, ended }))
        .filter(({ rank }) => rank !== victim);
      for (const { rank, ended } of left) {
        const { error, isTold } = resultOf(ended);
        // Who notices late may find that process gone which has told the others.
        if (rank === speaker) expect(error).toMatch(gone(victim));
        expect(isTold).toBe(rank === speaker);
        expect(ended.exitCode).toBe(1);
      }
    },
  );
});
