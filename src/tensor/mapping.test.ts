import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { mapFile } from './mapping.js';
import { describeOnHost } from './testing/on-device.js';

const content = Uint8Array.from({ length: 20_000 }, (_, index) => (index * index) % 251);
let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ncfm-mapping-'));
  path = join(folder, 'bytes');
  writeFileSync(path, content);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The files that this process has mapped, by the system's own account. */
const mapped = () => readFileSync('/proc/self/maps', 'utf8');

describeOnHost('mapFile', () => {
  it('gives any bytes of a file, whether or not they begin at a page', () => {
    const ranges = fc
      .nat(content.length - 1)
      .chain((offset) =>
        fc.tuple(fc.constant(offset), fc.integer({ min: 1, max: content.length - offset })),
      );
    fc.assert(
      fc.property(ranges, ([offset, length]) => {
        const expected = content.subarray(offset, offset + length);
        expect(Buffer.compare(mapFile(path, offset, length), expected)).toBe(0);
      }),
    );
  });

  it.each([
    ['past the end', 0, 20_001],
    ['from past the end', 20_001, 1],
    ['of a length that no file has', 1, Number.MAX_SAFE_INTEGER],
    ['at a position that no file has', Number.MAX_SAFE_INTEGER, 1],
  ])('refuses bytes %s, naming the file and its size', (_, offset, length) => {
    expect(() => mapFile(path, offset, length)).toThrow(
      new UsageError(
        `${path}: bytes ${offset} to ${BigInt(offset) + BigInt(length)} cannot be mapped: ` +
          'the file ends at byte 20000',
      ),
    );
  });

  it.each([
    [-1, 5],
    [0, 0],
    [0, -5],
    [0.5, 5],
    [Number.NaN, 5],
    [0, Number.POSITIVE_INFINITY],
  ])('refuses what is no range: offset %s, length %s', (offset, length) => {
    expect(() => mapFile(path, offset, length)).toThrow(UsageError);
    expect(() => mapFile(path, offset, length)).toThrow(`${path}: ${length} bytes from byte`);
  });

  it('refuses what is missing, a folder, and a pipe that nobody writes to', () => {
    const pipe = join(folder, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    expect(() => mapFile(join(folder, 'none'), 0, 1)).toThrow('none: No such file or directory');
    expect(() => mapFile(folder, 0, 1)).toThrow(/ncfm-mapping-.*: it is not a regular file/);
    expect(() => mapFile(pipe, 0, 1)).toThrow('it is not a regular file');
  });

  it('keeps showing the file that was mapped after another took its name', () => {
    const replaced = join(folder, 'replaced');
    writeFileSync(replaced, content);
    const bytes = mapFile(replaced, 0, content.length);
    writeFileSync(join(folder, 'other'), 'short');
    renameSync(join(folder, 'other'), replaced);
    expect(Buffer.compare(bytes, content)).toBe(0);
  });

  it.runIf(process.platform === 'linux')('unmaps what is no longer referred to', async () => {
    const released = join(folder, 'released');
    writeFileSync(released, content);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const touch = () => mapFile(released, 100, 10_000)[0];
    for (let time = 0; time < 20; time++) expect(touch()).toBe(content[100]);
    expect(mapped()).toContain(released);
    // A collection finds the bytes; the callbacks that unmap them run in a later turn, whenever that comes.
    const left = () => {
      collect();
      return mapped().includes(released);
    };
    await expect.poll(left, { timeout: 30_000, interval: 5 }).toBe(false);
  });
});
