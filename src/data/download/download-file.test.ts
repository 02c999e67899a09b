import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../../core/errors.js';
import {
  content,
  download,
  expectContent,
  honest,
  prepareDownload,
  status,
} from '../testing/downloads.js';
import { sendAndCut, sendFile } from '../testing/file-server.js';

describe('a download', () => {
  it('arrives whole, under its name, with nothing beside it', async () => {
    const { options, path } = await prepareDownload(honest);
    const seen: number[] = [];
    const outcome = await download({ ...options, onProgress: ({ done }) => seen.push(done) });
    expect(outcome).toBe('downloaded');
    expectContent(path, content);
    expect(readdirSync(join(path, '..'))).toEqual(['data.bin']);
    expect(seen.at(-1)).toBe(content.length);
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
  });

  it('keeps a right file that is there, without asking any server', async () => {
    const { options, path, servers } = await prepareDownload(honest);
    await download(options);
    expect(await download(options)).toBe('present');
    expect(servers[0]!.ranges).toHaveLength(1);
    expectContent(path, content);
  });

  it('refuses to replace another file that is there, and leaves it', async () => {
    const { options, path, servers } = await prepareDownload(honest);
    await download(options);
    const damaged = Buffer.from(content);
    damaged[5]! ^= 1;
    for (const wrong of [damaged, content.subarray(1)]) {
      writeFileSync(path, wrong);
      const refused = download(options);
      await expect(refused).rejects.toThrow(UsageError);
      await expect(refused).rejects.toThrow(`${path}: the file is not the one to download: it`);
      expectContent(path, wrong);
    }
    expect(servers[0]!.ranges).toHaveLength(1);
  });

  it('goes on where the connection was cut, again and again', async () => {
    const { options, path, servers, waits } = await prepareDownload((request, response, earlier) =>
      earlier < 3
        ? sendAndCut(content, 60_000, request, response)
        : sendFile(content, request, response),
    );
    await download(options);
    expectContent(path, content);
    const ranges = [undefined, 'bytes=60000-', 'bytes=120000-', 'bytes=180000-'];
    expect(servers[0]!.ranges).toEqual(ranges);
    expect(waits).toEqual([1000, 2000, 4000]);
  });

  it('goes on with what an earlier process left', async () => {
    const { options, path, part, servers } = await prepareDownload(status(404), honest);
    await expect(download({ ...options, urls: [] })).rejects.toThrow(FailureError);
    writeFileSync(part, content.subarray(0, 1234));
    await download(options);
    expect(servers[1]!.ranges).toEqual(['bytes=1234-']);
    expectContent(path, content);
    expect(existsSync(part)).toBe(false);
  });

  it('starts over where a server ignores the position asked for', async () => {
    const { options, path, servers } = await prepareDownload((request, response, earlier) => {
      if (earlier === 0) return sendAndCut(content, 60_000, request, response);
      response.writeHead(200, { 'content-length': content.length }).end(content);
    });
    await download(options);
    expect(servers[0]!.ranges).toEqual([undefined, 'bytes=60000-']);
    expectContent(path, content);
  });

  it.each([
    ['another position', 'bytes 0-299999/300000'],
    ['another length', 'bytes 60000-299999/400000'],
    ['an end too early', 'bytes 60000-299998/300000'],
    ['nonsense', 'all of it'],
  ])('starts over when the server answers with %s', async (_name, range) => {
    const { options, path, servers } = await prepareDownload((request, response, earlier) => {
      if (earlier === 0) return sendAndCut(content, 60_000, request, response);
      if (earlier === 1) {
        response.writeHead(206, { 'content-range': range }).end(content.subarray(60_000));
        return;
      }
      sendFile(content, request, response);
    });
    await download(options);
    expect(servers[0]!.ranges).toEqual([undefined, 'bytes=60000-', undefined]);
    expectContent(path, content);
  });

  it('starts over when what was left is not the start of the file', async () => {
    const { options, path, part, servers } = await prepareDownload(honest);
    await expect(download({ ...options, urls: [] })).rejects.toThrow(FailureError);
    writeFileSync(part, randomBytes(1000));
    await download(options);
    expect(servers[0]!.ranges).toEqual(['bytes=1000-', undefined]);
    expectContent(path, content);
  });

  it('never joins pieces that no hash could prove to fit', async () => {
    const { options, path, part, servers } = await prepareDownload(honest);
    await expect(download({ ...options, urls: [] })).rejects.toThrow(FailureError);
    writeFileSync(part, randomBytes(1000));
    await download({ ...options, hashes: [] });
    expect(servers[0]!.ranges).toEqual([undefined]);
    expectContent(path, content);
  });

  it('follows redirects', async () => {
    const { options, path } = await prepareDownload((request, response) => {
      if (request.url === '/elsewhere') return sendFile(content, request, response);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await download(options);
    expectContent(path, content);
  });

  it('waits for a server that is busy, for as long as it asks', async () => {
    const { options, path, waits } = await prepareDownload((request, response, earlier) => {
      if (earlier === 0) return void response.writeHead(503).end();
      if (earlier === 1) return void response.writeHead(429, { 'retry-after': '7' }).end();
      sendFile(content, request, response);
    });
    await download(options);
    expect(waits).toEqual([1000, 7000]);
    expectContent(path, content);
  });

  it('tries again when a server hangs before or within its answer', async () => {
    const { options, path } = await prepareDownload((request, response, earlier) => {
      if (earlier === 0) return;
      if (earlier === 1) {
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, 1000));
        return;
      }
      sendFile(content, request, response);
    });
    await download({ ...options, idleTimeout: 150 });
    expectContent(path, content);
  });

  it('stops at once when told to, and keeps what it has', async () => {
    const { options, path, part } = await prepareDownload((_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100_000));
    });
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = download({
      ...options,
      signal: controller.signal,
      onProgress: ({ done }) => done === 100_000 && controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(existsSync(path)).toBe(false);
    expectContent(part, content.subarray(0, 100_000));
  });
});
