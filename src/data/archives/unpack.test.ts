import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../../core/errors.js';
import {
  binary,
  honest,
  honestZip,
  makeTar,
  makeZip,
  readTree,
  text,
  tree,
} from '../testing/archive-files.js';
import { temporaryDirectory } from '../testing/files.js';
import { type UnpackOptions, unpackArchive } from './unpack.js';

/** Writes an archive and unpacks it. */
async function unpack(content: Buffer, options: Partial<UnpackOptions> = {}) {
  const folder = await temporaryDirectory();
  const archive = join(folder, 'archive');
  const target = join(folder, 'data', 'set');
  writeFileSync(archive, content);
  const running = unpackArchive({ archive, target, ...options });
  return { archive, target, folder, running };
}

/** The archive must be refused, with nothing left of it. */
async function refuse(content: Buffer, message: string, options: Partial<UnpackOptions> = {}) {
  const { running, target, archive, folder } = await unpack(content, options);
  const error = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).message).toContain(archive);
  expect((error as UsageError).message).toContain(message);
  expect(existsSync(target)).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(['archive', 'data']);
  expect(readdirSync(dirname(target))).toEqual([]);
}

describe('an honest archive', () => {
  it.each([
    ['.tar', () => makeTar(honest)],
    ['.tar.gz', async () => gzipSync(await makeTar(honest))],
    ['.zip', async () => makeZip(honestZip)],
  ])('%s unpacks to the same files', async (_name, make) => {
    const seen: number[] = [];
    const { running, target } = await unpack(await make(), {
      topFolder: 'set',
      onProgress: ({ files }) => seen.push(files),
    });
    const bytes = text.length + binary.length + 1;
    expect(await running).toEqual({ files: 4, bytes });
    expect(readTree(target)).toEqual(tree);
    expect(readdirSync(dirname(target))).toEqual(['set']);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('unpacks with its outermost folder, if none is named', async () => {
    const { running, target } = await unpack(await makeTar(honest));
    await running;
    expect(readdirSync(target)).toEqual(['set']);
  });

  it('leaves out what is beside its outermost folder', async () => {
    const entries = [{ name: '._set', content: 'x' }, { name: 'other/a', content: 'y' }, ...honest];
    const { running, target } = await unpack(await makeTar(entries), { topFolder: 'set' });
    await running;
    expect(readTree(target)).toEqual(tree);
  });

  it('is not unpacked over what is there', async () => {
    const { running, target, archive } = await unpack(await makeTar(honest));
    await running;
    await expect(unpackArchive({ archive, target })).rejects.toThrow(
      `${target}: it is there already`,
    );
  });

  it('is unpacked anew after an interruption, without what that left', async () => {
    const folder = await temporaryDirectory();
    mkdirSync(join(folder, '.set.unpacking'));
    writeFileSync(join(folder, '.set.unpacking', 'left-over'), 'x');
    const archive = join(folder, 'archive');
    writeFileSync(archive, makeZip(honestZip));
    const target = join(folder, 'set');
    await unpackArchive({ archive, target, topFolder: 'set' });
    expect(readTree(target)).toEqual(tree);
    expect(readdirSync(folder).sort()).toEqual(['archive', 'set']);
  });

  it.each([
    ['.tar.gz', async () => gzipSync(await makeTar(honest))],
    ['.zip', async () => makeZip(honestZip)],
  ])('%s: leaves nothing when it is stopped midway', async (_name, make) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { running, target } = await unpack(await make(), {
      signal: controller.signal,
      onProgress: ({ files }) => files === 2 && controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(readdirSync(dirname(target))).toEqual([]);
  });
});

describe('a path out of the target', () => {
  it.each([
    ['../evil', "its path leads out of the target with '..'"],
    ['set/../../evil', "its path leads out of the target with '..'"],
    ['/tmp/evil', 'its path is absolute'],
    ['C:/evil', 'its path starts with a drive letter'],
    ['c:evil', 'its path starts with a drive letter'],
    ['..\\evil', 'its path has a backslash'],
    ['set\\evil', 'its path has a backslash'],
    [`set/${'x'.repeat(300)}`, 'a part of its path is longer than 255 bytes'],
    [`set/${'x/'.repeat(1100)}y`, 'its path is longer than 2048 bytes'],
  ])('is refused: %#', async (name, problem) => {
    const tar = await makeTar([...honest, { name, content: 'evil' }]);
    await refuse(tar, `entry ${JSON.stringify(name)}: ${problem}`);
    await refuse(gzipSync(tar), problem, { topFolder: 'set' });
    // Some of them are refused by the reader of the format, in its own words.
    await refuse(makeZip([...honestZip, { name, content: 'evil' }]), name.slice(0, 5).trim());
  });
});

it('a tar entry with a control character in its path is refused', async () => {
  const tar = await makeTar([...honest, { name: 'set/e\nvil', content: 'evil' }]);
  await refuse(tar, 'entry "set/e\\nvil": its path has a control character');
});

describe('what is no file', () => {
  it.each([
    ['symlink', 'it is a link'],
    ['link', 'it is a link'],
    ['character-device', 'it is a device or a pipe'],
    ['block-device', 'it is a device or a pipe'],
    ['fifo', 'it is a device or a pipe'],
  ] as const)('a %s in a tar file is refused', async (type, problem) => {
    const entry = { name: 'set/x', type, linkname: '/etc/passwd' };
    await refuse(await makeTar([...honest, entry]), `entry "set/x": ${problem}`);
  });

  it.each([
    [0o120777, 'it is a link'],
    [0o020666, 'it is a device or a pipe'],
    [0o010666, 'it is a device or a pipe'],
  ])('a zip entry of Unix mode %i is refused', async (mode, problem) => {
    const zip = makeZip([...honestZip, { name: 'set/x', content: '/etc/passwd', mode }]);
    await refuse(zip, `entry "set/x": ${problem}`);
  });

  it('an encrypted zip entry is refused', async () => {
    await refuse(makeZip([{ name: 'x', content: 'x', encrypted: true }]), 'it is encrypted');
  });
});

describe('too much', () => {
  const bomb = Buffer.alloc(40 * 2 ** 20);

  it('a bomb is refused before it fills the disk', async () => {
    const entry = { name: 'bomb', content: bomb };
    const problem = 'entry "bomb": with it, the files have more than the 16777216 bytes allowed';
    const limits = { bytes: 16 * 2 ** 20 };
    for (const archive of [gzipSync(await makeTar([entry])), makeZip([entry])]) {
      await refuse(archive, problem, { limits });
      const { running, target } = await unpack(archive, { limits: { spaceShare: 1e-9 } });
      await expect(running).rejects.toThrow(FailureError);
      await expect(running).rejects.toThrow(
        /archive: entry "bomb": .* 41943040 bytes, too many for the \d+ that are free/,
      );
      expect(readdirSync(dirname(target))).toEqual([]);
    }
  });

  it('regular files that come to hundreds of times their packed size are none', async () => {
    const entry = { name: 'regular', content: bomb };
    for (const archive of [gzipSync(await makeTar([entry])), makeZip([entry])]) {
      expect(archive.length).toBeLessThan(bomb.length / 500);
      expect(await (await unpack(archive)).running).toEqual({ files: 1, bytes: bomb.length });
    }
  });

  it('a bomb that claims to be small is refused', async () => {
    const zip = makeZip([{ name: 'bomb', content: bomb, claimedSize: 1000 }]);
    await refuse(zip, 'too many bytes in the stream');
  });

  it('more files or bytes than allowed are refused', async () => {
    const tar = await makeTar(honest);
    await refuse(tar, 'entry "set/train/a.bin": it is one more than the 2 entries allowed', {
      limits: { entries: 2 },
    });
    await refuse(tar, 'entry "set/train/a.bin": with it, the files have more than the 6000 bytes', {
      limits: { bytes: 6000 },
    });
    await refuse(makeZip(honestZip), 'more than the 6000 bytes', { limits: { bytes: 6000 } });
  });

  it('a tar header that claims terabytes is refused without reading them', async () => {
    const tar = await makeTar([{ name: 'huge', content: 'x' }]);
    // Sizes above 8 GiB are binary, marked by the first bit.
    tar.fill(0, 124, 136);
    tar.writeUInt8(0x80, 124);
    tar.writeBigUInt64BE(2n ** 43n, 128);
    tar.write('        ', 148, 'latin1');
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await refuse(tar, 'entry "huge": with it, the files have more than');
  });
});

describe('a contradiction', () => {
  it('two entries of one place are refused', async () => {
    const entries = [...honestZip, { name: 'set/readme.txt', content: 'other' }];
    await refuse(makeZip(entries), 'entry "set/readme.txt": an earlier entry has its place');
    await refuse(await makeTar(entries), 'entry "set/readme.txt": an earlier entry has its place');
  });

  it('a file that is also a folder is refused', async () => {
    const entries = [...honestZip, { name: 'set/readme.txt/x', content: 'other' }];
    await refuse(makeZip(entries), 'entry "set/readme.txt/x": an earlier');
  });

  it('two names of one zip entry are refused', async () => {
    const zip = makeZip([{ name: 'good', localName: 'evil', content: 'x' }]);
    await refuse(zip, 'entry "good": its name before its data is another than in the list');
  });

  it('a zip file whose list is longer than it says is refused', async () => {
    const zip = makeZip(honestZip);
    zip.writeUInt16LE(honestZip.length - 1, zip.length - 12);
    await refuse(zip, 'the list of entries does not end where its length says');
  });

  it('an archive without the expected folder is refused', async () => {
    const problem = "there is no file in it below the folder 'other'";
    await refuse(await makeTar(honest), problem, { topFolder: 'other' });
  });

  it('what is no archive is refused', async () => {
    await refuse(
      Buffer.from('<html>Not found</html>'.repeat(100)),
      'the archive is damaged or not',
    );
    await refuse(Buffer.alloc(0), 'the archive');
    const missing = join(await temporaryDirectory(), 'missing.zip');
    await expect(unpackArchive({ archive: missing, target: `${missing}.d` })).rejects.toThrow(
      `${missing}: the archive can't be read`,
    );
  });
});
