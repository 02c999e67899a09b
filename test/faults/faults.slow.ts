import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunFolder } from './run-process.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const library = join(root, 'build/faults.so');

interface Fault {
  readonly call: 'open' | 'write' | 'fsync' | 'rename' | 'link';
  /** The number of the call that is the first to fail. */
  readonly at: number;
  readonly error: keyof typeof constants.errno;
  /** What the user is to be told. */
  readonly told: RegExp;
}

const full = /could not be written: the disk is full; free some space \(ENOSPC\)/;
const readOnly = /could not be written: the file system can only be read.*\(EROFS\)/;
const forbidden = /could not be written: there is no permission.*\(EACCES\)/;
const broken = /could not be written: the disk reports an error.*\(EIO\)/;

/** From the first file of a run to its last. */
const moments = [1, 2, 5, 9, 14, 19, 24, 28];
const faults: Fault[] = [
  ...moments.flatMap((at): Fault[] => [
    { call: 'open', at, error: 'EACCES', told: forbidden },
    { call: 'fsync', at, error: 'EIO', told: broken },
    { call: 'rename', at, error: 'EROFS', told: readOnly },
  ]),
  ...[...moments, 40, 60, 100, 160, 230].map(
    (at): Fault => ({ call: 'write', at, error: 'ENOSPC', told: full }),
  ),
  { call: 'link', at: 1, error: 'EROFS', told: readOnly },
];

const undisturbed = new RunFolder();

beforeAll(async () => {
  mkdirSync(join(root, 'build'), { recursive: true });
  const source = join(root, 'test/faults/faults.c');
  execFileSync('cc', [
    '-shared',
    '-fPIC',
    '-O1',
    '-Wall',
    '-Werror',
    '-o',
    library,
    source,
    '-ldl',
  ]);
  const { code, stderr } = await undisturbed.start().ended;
  expect(code, stderr).toBe(0);
});

afterAll(() => undisturbed.delete());

function environment(folder: RunFolder, { call, at }: Pick<Fault, 'call' | 'at'>, errno: number) {
  return {
    LD_PRELOAD: library,
    FAULT_UNDER: folder.path,
    FAULT_CALL: call,
    FAULT_AT: String(at),
    FAULT_ERRNO: String(errno),
  };
}

describe('a file system that fails', () => {
  it.each(faults)(
    'at $call number $at with $error ends the run with one message, and nothing is lost',
    async (fault) => {
      const folder = new RunFolder();
      const failing = environment(folder, fault, constants.errno[fault.error]);
      const failed = await folder.start(failing).ended;
      expect(failed.code, failed.stderr).toBe(1);
      expect(failed.stderr).toMatch(fault.told);
      expect(failed.stderr).not.toMatch(/unexpected error|\n +at /);
      const mended = await folder.start().ended;
      expect(mended.code, mended.stderr).toBe(0);
      expect(folder.accuracy()).toEqual(undisturbed.accuracy());
      expect(folder.products()).toEqual(undisturbed.products());
      folder.delete();
    },
  );

  it('that takes only a part of what is written at a time loses nothing', async () => {
    const folder = new RunFolder();
    const { code, stderr } = await folder.start(environment(folder, { call: 'write', at: 1 }, 0))
      .ended;
    expect(code, stderr).toBe(0);
    expect(folder.products()).toEqual(undisturbed.products());
    folder.delete();
  });
});
