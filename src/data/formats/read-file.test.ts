import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { temporaryDirectory } from '../testing/files.js';
import { parsing, readWholeFile } from './read-file.js';

describe('readWholeFile', () => {
  it('names what cannot be read, and says why', async () => {
    const folder = await temporaryDirectory();
    const missing = join(folder, 'missing.npz');
    await expect(readWholeFile(missing)).rejects.toThrow(/missing\.npz: .*ENOENT/);
    await expect(readWholeFile(folder)).rejects.toThrow(
      `${folder}: the file can't be read (it is not a regular file)`,
    );
    const huge = join(folder, 'huge.npz');
    writeFileSync(huge, '');
    truncateSync(huge, 2 ** 31);
    await expect(readWholeFile(huge)).rejects.toThrow(
      'it has 2147483648 bytes, 2147483647 at most are read',
    );
    await expect(readWholeFile(huge)).rejects.toBeInstanceOf(UsageError);
  });
});

describe('parsing', () => {
  it('names the file of whatever a parser throws, and leaves errors that name it', async () => {
    const fail = (error: unknown) =>
      parsing('a.npz', () => {
        throw error;
      });
    await expect(fail(new Error('it is damaged'))).rejects.toThrow(/^a\.npz: it is damaged$/);
    await expect(fail('a text')).rejects.toThrow(/^a\.npz: a text$/);
    const named = new UsageError('a.npz: array 3 is missing');
    await expect(fail(named)).rejects.toBe(named);
    expect(await parsing('a.npz', () => 7)).toBe(7);
  });
});
