import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Fashion-MNIST with few images to test on and few steps, in a process of its own; its memory, in bytes. */
function memoryOf(...options: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-memory-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const settings = [
    'dataset.validation=0.02',
    'pretrain={ networks: 1, length: { epochs: 0.005 }, batchSize: 32 }',
    'distill={ imagesPerClass: 50, iterations: 2 }',
    'distill.matching={ strategy: plain, realPerClass: 64 }',
  ];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...[main, 'distill', 'fashion-quick', '--json', '--quiet', '--threads', '1'],
      ...['--runs', join(folder, 'runs'), '--cache', join(folder, 'cache'), ...options],
      ...settings.flatMap((setting) => ['--set', setting]),
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout).memory;
}

it('a run stays under its memory budget, by smaller chunks, and is estimated within a quarter', () => {
  const large = ['--set', 'chunks={ real: 640, synthetic: 10, test: 256 }'];
  const free = memoryOf(...large);
  const least = memoryOf('--set', 'chunks={ real: 8, synthetic: 1, test: 8 }');
  // Five runs, on an idle and on a busy machine: 0.94 to 0.97 for the first.
  for (const { estimate, peak } of [free, least]) {
    expect(estimate / peak).toBeGreaterThan(0.75);
    expect(estimate / peak).toBeLessThan(1.25);
  }
  // Half of what chunks can save.
  const budget = Math.round((free.peak + least.estimate / 0.9) / 2);
  const held = memoryOf('--set', 'chunks={ real: auto, synthetic: auto }', '--memory', `${budget}`);
  expect(held.budget).toBe(budget);
  expect(held.peak).toBeLessThan(budget);
  expect(held.estimate).toBeLessThanOrEqual(0.9 * budget);
});
