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

it('a run stays under its memory budget, by smaller chunks, and is estimated within a fifth', () => {
  const large = 'chunks={ real: 640, synthetic: 10, test: 256 }';
  const free = memoryOf('--set', large);
  expect(free.estimate).toBeUndefined();
  const least = memoryOf('--set', 'chunks={ real: 8, synthetic: 1, test: 8 }', '--memory', '8GB');
  const told = memoryOf('--set', large, '--memory', '8GB');
  for (const { estimate, peak } of [told, least]) {
    expect(estimate / peak).toBeGreaterThan(0.85);
    expect(estimate / peak).toBeLessThan(1.2);
  }
  expect(told.estimate / free.peak).toBeGreaterThan(0.85);
  // Half of what chunks can save.
  const budget = Math.round((told.estimate + least.estimate) / 2 / 0.9);
  const held = memoryOf('--memory', `${budget}`);
  expect(held.budget).toBe(budget);
  expect(held.peak).toBeLessThan(budget);
  expect(held.estimate).toBeLessThan(budget);
});
