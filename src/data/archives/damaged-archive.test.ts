import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { honest, honestZip, makeTar, makeZip, readTree, tree } from '../testing/archive-files.js';
import { withTemporaryDirectory } from '../testing/files.js';
import { unpackArchive } from './unpack.js';

describe('a damaged archive', () => {
  /** Unpacks right, or fails clearly and leaves nothing. */
  async function survive(content: Buffer): Promise<'refused' | 'right'> {
    return withTemporaryDirectory(async (folder) => {
      const archive = join(folder, 'archive');
      const target = join(folder, 'set');
      writeFileSync(archive, content);
      try {
        await unpackArchive({ archive, target, topFolder: 'set' });
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as UsageError).message).toContain(archive);
        expect(readdirSync(folder)).toEqual(['archive']);
        return 'refused';
      }
      expect(readTree(target)).toEqual(tree);
      return 'right';
    });
  }

  /** A number from 0 to below 1 for every step, the same in every run. */
  const scatter = (step: number): number => (step * 0.6180339887498949) % 1;

  it.each([
    ['.tar.gz', async () => gzipSync(await makeTar(honest))],
    ['.zip', async () => makeZip(honestZip)],
  ])('%s cut off anywhere is refused', async (_name, make) => {
    const archive = await make();
    for (let step = 0; step < 60; step++) {
      const length = Math.floor(scatter(step) * archive.length);
      expect(await survive(archive.subarray(0, length))).toBe('refused');
    }
  });

  it('.tar cut off anywhere is refused', async () => {
    const archive = await makeTar(honest);
    // At 1024 zeros from its end and behind, a tar file is whole.
    for (let length = 0; length < archive.length - 512; length += 512) {
      expect(await survive(archive.subarray(0, length))).toBe('refused');
      expect(await survive(archive.subarray(0, length + 100))).toBe('refused');
    }
  });

  it.each([
    ['.tar.gz', async () => gzipSync(await makeTar(honest))],
    ['.zip', async () => makeZip(honestZip)],
  ])('%s with a flipped bit is refused or unpacks right', async (_name, make) => {
    const archive = await make();
    const outcomes = { refused: 0, right: 0 };
    for (let step = 0; step < 200; step++) {
      const damaged = Buffer.from(archive);
      damaged[Math.floor(scatter(step) * damaged.length)]! ^= 1 << (step % 8);
      outcomes[await survive(damaged)] += 1;
    }
    expect(outcomes.refused).toBeGreaterThan(100);
  });

  it.each([
    ['.tar', () => makeTar(honest)],
    ['.zip', async () => makeZip(honestZip)],
  ])('%s with a stretch of noise is refused or unpacks right', async (_name, make) => {
    const archive = await make();
    for (let step = 0; step < 60; step++) {
      const damaged = Buffer.from(archive);
      // In a tar file only headers have a checksum: noise in the data is for the archive's own hash to find.
      const start = _name === '.tar' ? 0 : Math.floor(scatter(step) * damaged.length);
      for (let offset = 0; offset < 40; offset++) {
        damaged[start + offset] = Math.floor(scatter(step * 40 + offset) * 256);
      }
      await survive(damaged);
    }
  });
});
