import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const script = fileURLToPath(new URL('read-large.mjs', import.meta.url));

/** Runs Node in a process that may not allocate more than so many kilobytes; what is mapped for reading does not count. */
function limitedNode(kilobytes: number, ...args: readonly string[]) {
  const command = `ulimit -d ${kilobytes}; exec "$0" --max-old-space-size=200 "$@"`;
  return spawnSync('bash', ['-c', command, process.execPath, ...args], { encoding: 'utf8' });
}

/** Builds and reads a generated set in a process that may not allocate more than so many kilobytes. */
function readLarge(sizes: readonly number[], kilobytes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-large-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { status, stdout, stderr } = limitedNode(kilobytes, script, folder, ...sizes.map(String));
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const result = JSON.parse(stdout) as {
    right: number;
    bytes: number;
    anonymousBytes: number;
    buildSeconds: number;
    readSeconds: number;
  };
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  console.log(
    `${sizes[0]} images, ${megabytes(result.bytes)}: built in ${result.buildSeconds.toFixed(1)} s, read at ` +
      `${(result.bytes / 1e9 / result.readSeconds).toFixed(1)} GB/s, ${megabytes(result.anonymousBytes)} of memory`,
  );
  return result;
}

it('a dataset larger than what the process may allocate is decoded, and read whole', () => {
  const limit = 600_000;
  const { right, bytes } = readLarge([60_000, 3, 64], limit);
  expect(bytes).toBeGreaterThan(limit * 1024);
  expect(right).toBe(60_000);
  // Which it could not hold otherwise.
  const holding = limitedNode(limit, '-e', `new Uint8Array(${bytes}).fill(1)`);
  expect(holding.status).not.toBe(0);
  expect(holding.stderr).toContain('Array buffer allocation failed');
});

it('a million small images need memory for their labels, not for their pixels', () => {
  const { right, anonymousBytes } = readLarge([1_000_000, 1, 8], 600_000);
  expect(right).toBe(1_000_000);
  expect(anonymousBytes).toBeLessThan(300e6);
});
