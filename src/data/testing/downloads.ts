import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FailureError } from '../../core/errors.js';
import {
  adviseByHand,
  type DownloadOptions,
  type DownloadOutcome,
  downloadFile,
} from '../download/download-file.js';
import { type Handler, sendFile, serve } from './file-server.js';
import { temporaryDirectory } from './files.js';

/** What the tests download. */
export const content = randomBytes(300_000);
/** What `content` is known by. */
export const identity = {
  size: content.length,
  hashes: [
    { algorithm: 'sha256', digest: digest('sha256', content) },
    { algorithm: 'md5', digest: digest('md5', content) },
  ],
} as const;

/** In hexadecimal. */
export function digest(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** Compares digests: comparing two large buffers value by value takes a second. */
export function expectContent(path: string, expected: Buffer): void {
  const found = readFileSync(path);
  expect(found.length).toBe(expected.length);
  expect(digest('sha256', found)).toBe(digest('sha256', expected));
}

/** A download of `content` from servers that behave as told, one address each. */
export async function prepareDownload(...handlers: Handler[]) {
  const servers = await Promise.all(handlers.map(serve));
  const folder = await temporaryDirectory();
  const path = join(folder, 'sub', 'data.bin');
  const waits: number[] = [];
  const options: DownloadOptions = {
    ...identity,
    path,
    urls: servers.map(({ url }) => `${url}/data.bin`),
    idleTimeout: 5000,
    wait: async (milliseconds) => waits.push(milliseconds),
  };
  return { servers, path, part: `${path}.part`, waits, options };
}

/** Downloads as `getDataset` does, for one file. */
export async function download(options: DownloadOptions): Promise<DownloadOutcome> {
  const result = await downloadFile(options);
  if (typeof result === 'string') return result;
  throw new FailureError(adviseByHand(result, [options]));
}

/** The message of the failure that the download must end in. */
export async function failure(options: DownloadOptions): Promise<string> {
  const error = await download(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).message;
}

/** Serves the file as it should. */
export const honest: Handler = (request, response) => sendFile(content, request, response);
/** Answers with nothing but a status. */
export const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(code, headers).end('no');
  };
