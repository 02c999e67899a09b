import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { testDevice } from '../src/tensor/testing/on-device.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** A search that is over in seconds: four networks on the digits. */
const search = `{
  space: { widths: [2, 4], depths: [1], norms: [instance, none], activations: [relu], poolings: [average] },
  length: { steps: 20 }, sample: 3, reference: { epochs: 1 }, concurrency: 2,
}`;
const quick = [
  ...[
    '--set',
    'pretrain={ networks: 1, length: { epochs: 0.5 } }',
    '--set',
    'distill.iterations=4',
  ],
  ...['--set', `search=${search}`, '--threads', '2', '--device', testDevice, '--quiet'],
];

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ncfm-search-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What a search stored, without times. */
function stored(folder: string): unknown {
  const text = readFileSync(join(folder, 'runs/digits/search.json'), 'utf8');
  return JSON.parse(text, (key, value) => (key === 'seconds' ? undefined : value));
}

function finishedPieces(folder: string): string[] {
  const path = join(folder, 'runs/digits/search');
  return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.json')) : [];
}

/** The worker processes that a process has started, by what the system says. */
function workersOf(parent: ChildProcess): number[] {
  const path = `/proc/${parent.pid}/task/${parent.pid}/children`;
  return existsSync(path)
    ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    : [];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a search', () => {
  beforeAll(() => {
    expect(existsSync(main), 'dist/ is missing: run `npm run build`').toBe(true);
  });

  it('that is killed leaves no process, goes on where it was, and ends with the same numbers', async () => {
    const [undisturbed, killed] = [temporaryFolder(), temporaryFolder()];
    const run = (cwd: string, ...args: readonly string[]) =>
      spawnSync(process.execPath, [main, 'search', ...args], { encoding: 'utf8', cwd });
    const whole = run(undisturbed, 'digits', ...quick);
    expect(whole).toMatchObject({ status: 0 });
    expect(whole.stdout).toMatch(/^proxy .* Spearman +Kendall .* found\nncfm +50 .*\nrandom +50 /);

    const child = spawn(process.execPath, [main, 'search', 'digits', ...quick], {
      cwd: killed,
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await expect
      .poll(() => finishedPieces(killed).length, { timeout: 120_000, interval: 5 })
      .toBeGreaterThan(3);
    const workers = workersOf(child);
    child.kill('SIGKILL');
    await ended;
    const before = finishedPieces(killed).length;
    expect(before).toBeLessThan(finishedPieces(undisturbed).length);
    await expect.poll(() => workers.filter(isAlive), { timeout: 60_000 }).toEqual([]);

    const resumed = run(killed, 'runs/digits', '--quiet', '--json');
    expect(resumed).toMatchObject({ status: 0 });
    expect(JSON.parse(resumed.stdout).proxies).toHaveLength(3);
    expect(stored(killed)).toEqual(stored(undisturbed));
    expect(existsSync(join(killed, 'runs/digits/scratch'))).toBe(false);
  });
});
