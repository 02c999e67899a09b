import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { UsageError } from './errors.js';
import { Lock } from './lock.js';
import { temporaryFolder } from './testing/folder.js';

describe('a lock', () => {
  it('keeps a second holder out, naming the first, until it is released', () => {
    const path = join(temporaryFolder(), 'lock');
    const first = Lock.take(path);
    expect(() => Lock.take(path)).toThrow(UsageError);
    expect(() => Lock.take(path)).toThrow(`held by process ${process.pid} on ${hostname()}`);
    first.release();
    expect(existsSync(path)).toBe(false);
    using _second = Lock.take(path);
    first.release();
    expect(existsSync(path)).toBe(true);
  });

  it.each([
    ['a process that has ended', () => ({ pid: endedProcess(), host: hostname(), began: '1' })],
    // The same number, but it is not the process that took the lock.
    ['a process whose number is used again', () => ({ pid: 1, host: hostname(), began: '1' })],
    ['nobody that can be read', () => undefined],
  ])('is taken over from %s', (_, holder) => {
    const path = join(temporaryFolder(), 'lock');
    writeFileSync(path, JSON.stringify(holder()) ?? '{"pid": ');
    using _lock = Lock.take(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it('is left to a process of another machine, of which nothing is known', () => {
    const path = join(temporaryFolder(), 'lock');
    writeFileSync(path, JSON.stringify({ pid: 1, host: `not-${hostname()}`, began: null }));
    expect(() => Lock.take(path)).toThrow(/delete the file/);
  });

  it.each([
    ['is taken over from an earlier attempt of the same job', 'same', '3', true],
    ['is left to another job', 'other', '3', false],
    ['is left to a job of no name', 'none', '3', false],
    ['is left to a process of the same attempt', 'same', '2', false],
  ])('on another machine %s', (_, run, restarts, taken) => {
    const path = join(temporaryFolder(), 'lock');
    const job = { id: 'torchelastic-same', attempt: 2 };
    const holder = { pid: 1, host: `not-${hostname()}`, began: null, job };
    writeFileSync(path, JSON.stringify(holder));
    vi.stubEnv('TORCHELASTIC_RUN_ID', run);
    vi.stubEnv('TORCHELASTIC_RESTART_COUNT', restarts);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    if (taken) Lock.take(path).release();
    else expect(() => Lock.take(path)).toThrow(/is held by process 1/);
  });
});

function endedProcess(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
