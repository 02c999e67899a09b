import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailureError } from '../../core/errors.js';
import { makeTar, readTree } from '../testing/archive-files.js';
import { sendFile, serve } from '../testing/file-server.js';
import { temporaryDirectory } from '../testing/files.js';
import type { CatalogEntry, CatalogFile } from './catalog-entry.js';
import { type GetProgress, getDataset } from './get-dataset.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A catalog of one dataset, an archive and a plain file, on a server of this machine. */
async function prepare() {
  const archive = gzipSync(
    await makeTar([
      { name: 'toy/train.bin', content: 'train' },
      { name: 'toy/test.bin', content: 'test' },
    ]),
  );
  const contents: Record<string, Buffer> = {
    '/toy.tar.gz': archive,
    '/labels.txt': Buffer.from('zero\none\n'),
  };
  const server = await serve((request, response) =>
    sendFile(contents[request.url ?? '']!, request, response),
  );
  const file = (name: string, unpacksTo?: string): CatalogFile => {
    const content = contents[`/${name}`]!;
    const digest = createHash('sha256').update(content).digest('hex');
    return {
      name,
      urls: [`${server.url}/${name}`],
      size: content.length,
      hashes: [{ algorithm: 'sha256', digest }],
      ...(unpacksTo !== undefined && { unpacksTo }),
    };
  };
  const entry: CatalogEntry = {
    name: 'toy',
    title: 'Toy',
    homepage: server.url,
    terms: 'none',
    classes: 2,
    images: { train: 1, test: 1 },
    size: '1 × 1 × 1',
    source: { kind: 'download', files: [file('toy.tar.gz', 'toy'), file('labels.txt')] },
    layout: ['toy/train.bin', 'toy/test.bin', 'labels.txt'],
  };
  const to = join(await temporaryDirectory(), 'data', 'toy');
  return { server, archive, to, options: { name: 'toy', to, entries: [entry] } };
}

const complete = {
  'labels.txt': 'zero\none\n',
  'toy/': '',
  'toy/test.bin': 'test',
  'toy/train.bin': 'train',
};

describe('getting a dataset', () => {
  it('downloads its files, unpacks its archives and clears up', async () => {
    const { options, to, archive } = await prepare();
    const seen: GetProgress[] = [];
    const outcome = await getDataset({ ...options, onProgress: (step) => seen.push(step) });
    expect(outcome).toEqual({
      name: 'toy',
      folder: to,
      outcome: 'fetched',
      files: [
        { name: 'toy.tar.gz', outcome: 'unpacked' },
        { name: 'labels.txt', outcome: 'downloaded' },
      ],
    });
    expect(readTree(to)).toEqual(complete);
    const total = archive.length + 9;
    expect(seen.at(-1)).toEqual({ stage: 'download', file: 'labels.txt', done: total, total });
    expect(seen).toContainEqual({ stage: 'unpack', file: 'toy.tar.gz', files: 2, bytes: 9 });
  });

  it('asks for nothing when everything is there', async () => {
    const { options, server, to } = await prepare();
    await getDataset(options);
    const asked = server.ranges.length;
    expect(await getDataset(options)).toMatchObject({ outcome: 'complete', folder: to });
    expect(server.ranges.length).toBe(asked);
  });

  it('gets only what is missing', async () => {
    const { options, server, to } = await prepare();
    await getDataset(options);
    rmSync(join(to, 'labels.txt'));
    const asked = server.ranges.length;
    expect(await getDataset(options)).toMatchObject({ outcome: 'fetched' });
    expect(server.ranges.length).toBe(asked + 1);
    expect(readTree(to)).toEqual(complete);
  });

  it('uses an archive that was put there by hand, and keeps it if told to', async () => {
    const { options, to, archive, server } = await prepare();
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, 'toy.tar.gz'), archive);
    await getDataset({ ...options, keepArchives: true });
    expect(server.ranges).toHaveLength(1);
    expect(readTree(to)).toMatchObject(complete);
    expect(existsSync(join(to, 'toy.tar.gz'))).toBe(true);
  });

  it('tells, without a connection, about every file that is missing', async () => {
    const { options, to, archive } = await prepare();
    const [entry] = options.entries;
    if (entry?.source.kind !== 'download') throw new Error('The toy is a download.');
    const files = entry.source.files.map((file) => ({ ...file, urls: ['http://127.0.0.1:2/x'] }));
    const alternative = 'or ask a friend';
    const offline = { ...entry, source: { ...entry.source, files, alternative } };
    const message = await getDataset({ ...options, entries: [offline] }).catch(
      (error: unknown) => (error as FailureError).message,
    );
    expect(message).toMatch(/^toy\.tar\.gz could not be downloaded:\n/);
    expect(message).toContain('get these 2 files on another machine');
    expect(message).toContain(`  put it at ${join(to, 'toy.tar.gz')}\n`);
    expect(message).toContain(`  put it at ${join(to, 'labels.txt')}\n`);
    expect(message).toMatch(/files that are there are verified and used\nor ask a friend$/);

    writeFileSync(join(to, 'toy.tar.gz'), archive);
    const second = getDataset({ ...options, entries: [offline] });
    await expect(second).rejects.toThrow(FailureError);
    await expect(second).rejects.toThrow('get the file on another machine');
    expect(readTree(join(to, 'toy'))).toEqual({ 'test.bin': 'test', 'train.bin': 'train' });
  });

  it('goes to the shared folder by itself', async () => {
    const { options, to } = await prepare();
    vi.stubEnv('NCFM_DATA', join(to, '..'));
    const { to: _, ...rest } = options;
    expect(await getDataset(rest)).toMatchObject({ folder: to });
    expect(readTree(to)).toEqual(complete);
  });

  it('says so when an unpacked folder lost a file', async () => {
    const { options, to } = await prepare();
    await getDataset(options);
    rmSync(join(to, 'toy', 'test.bin'));
    await expect(getDataset(options)).rejects.toThrow(
      `${to}: toy/test.bin is missing, so that toy is not complete`,
    );
  });

  it('has nothing to get of what comes with the package', async () => {
    const to = join(await temporaryDirectory(), 'digits');
    expect(await getDataset({ name: 'digits', to })).toMatchObject({ outcome: 'package' });
    expect(readdirSync(join(to, '..'))).toEqual([]);
  });

  it('suggests the name that was meant', async () => {
    await expect(getDataset({ name: 'cifar10' })).rejects.toThrow(
      "there is no dataset named 'cifar10' to download; expected one of cifar-10, cifar-100, digits",
    );
    await expect(getDataset({ name: 'cifar10' })).rejects.toThrow("Did you mean 'cifar-10'?");
  });
});
