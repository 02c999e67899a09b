import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  content,
  digest,
  download,
  expectContent,
  failure,
  honest,
  identity,
  prepareDownload,
  status,
} from '../testing/downloads.js';
import { type Handler, sendAndCut, sendFile } from '../testing/file-server.js';

describe('a server that does not give the file', () => {
  const wrong = Buffer.from(content);
  wrong[17]! ^= 4;

  it.each<[string, Handler, string]>([
    ['404', status(404), 'the server answered 404 Not Found'],
    ['403', status(403), 'the server answered 403 Forbidden'],
    ['a redirect loop', status(302, { location: '/data.bin' }), 'redirect count exceeded'],
    ['a redirect to nowhere', status(301), 'the server answered 301 Moved Permanently'],
    [
      'a redirect to a file',
      status(302, { location: 'file:///etc/passwd' }),
      'URL scheme must be a HTTP(S) scheme',
    ],
    [
      'a shorter file',
      (request, response) => sendFile(content.subarray(7), request, response),
      'the server sends 299993 bytes; expected 300000',
    ],
    [
      'a longer file of unknown length',
      (_request, response) => {
        response.writeHead(200);
        response.write(content);
        response.end('more');
      },
      'the server sends more than the expected 300000 bytes',
    ],
    [
      'another file of the same length',
      (request, response) => sendFile(wrong, request, response),
      `what arrived is not the file: its sha256 is ${digest('sha256', wrong)}; expected ${identity.hashes[0].digest}`,
    ],
  ])('%s: is asked once, and the next address is used', async (_name, handler, message) => {
    const { options, path, servers, waits } = await prepareDownload(handler, honest);
    await download(options);
    expectContent(path, content);
    expect(waits).toEqual([]);
    expect(servers[0]!.ranges.length).toBeLessThanOrEqual(21);

    const { options: alone, path: missing } = await prepareDownload(handler);
    expect(await failure(alone)).toContain(`${alone.urls[0]}: ${message}`);
    expect(existsSync(missing)).toBe(false);
    expect(existsSync(`${missing}.part`)).toBe(false);
  });

  it('is left alone after as many tries as allowed', async () => {
    const { options, servers, waits } = await prepareDownload(status(500));
    expect(await failure({ ...options, retries: 2 })).toContain(
      'the server answered 500 Internal Server Error (after 3 tries)',
    );
    expect(servers[0]!.ranges).toHaveLength(3);
    expect(waits).toEqual([1000, 2000]);
  });

  it('checks every hash', async () => {
    const { options } = await prepareDownload(honest);
    const hashes = [identity.hashes[0], { algorithm: 'md5' as const, digest: '0'.repeat(32) }];
    expect(await failure({ ...options, hashes })).toContain('its md5 is');
  });
});

describe('without a connection', () => {
  it('tells which file to get, from where, and where to put it', async () => {
    const { options, path, waits } = await prepareDownload();
    const urls = ['http://127.0.0.1:2/data.bin', 'http://no-such-host.invalid/data.bin'];
    const message = await failure({ ...options, urls });
    expect(waits).toEqual([]);
    expect(message.split('\n')).toEqual([
      'data.bin could not be downloaded:',
      expect.stringMatching(/^ {2}http:\/\/127\.0\.0\.1:2\/data\.bin: the server refused/),
      expect.stringMatching(
        /^ {2}http:\/\/no-such-host\.invalid\/data\.bin: the name of the server/,
      ),
      'to do without a connection, get the file on another machine:',
      `  from   ${urls[0]}`,
      `  from   ${urls[1]}`,
      `  being  300000 bytes, sha256 ${identity.hashes[0].digest}, md5 ${identity.hashes[1].digest}`,
      `  put it at ${path}`,
      'and run the same command again: a file that is there is verified and used',
    ]);
    writeFileSync(path, content);
    expect(await download({ ...options, urls })).toBe('present');
  });

  it('tells what is kept of a download that had begun', async () => {
    const { options, part } = await prepareDownload((request, response) =>
      sendAndCut(content, 60_000, request, response),
    );
    const message = await failure({ ...options, retries: 0 });
    expect(message).toContain('(60000 bytes are kept; another run goes on from there)');
    expectContent(part, content.subarray(0, 60_000));
  });

  it('names a place that can not be written to', async () => {
    const { options, path } = await prepareDownload(honest);
    writeFileSync(join(path, '..', '..', 'sub'), 'a file where the folder should be');
    await expect(download(options)).rejects.toThrow(`${path}: the download can't be written (`);
  });
});
