import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a test's server does with one request. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  /** How many requests came before this one. */
  earlier: number,
) => void;

/** A server on this machine that a test has for itself. */
export interface FileServer {
  /** Without a path: `http://127.0.0.1:12345`. */
  readonly url: string;
  /** The Range header of every request so far, in order. */
  readonly ranges: readonly (string | undefined)[];
}

/** Starts a server that is stopped, with all its connections, when the current test ends. */
export async function serve(handler: Handler): Promise<FileServer> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handler(request, response, ranges.length - 1);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, ranges };
}

/** Answers as an honest server does: the whole file, or the rest of it that was asked for. */
export function sendFile(
  content: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const headers = { 'content-length': content.length - start };
  if (start === 0) response.writeHead(200, headers);
  else {
    const range = `bytes ${start}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { ...headers, 'content-range': range });
  }
  response.end(content.subarray(start));
}

/** Sends the headers of the whole rest, but only some of its bytes, and then cuts the connection. */
export function sendAndCut(
  content: Buffer,
  count: number,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(start === 0 ? 200 : 206, {
    'content-length': content.length - start,
    ...(start > 0 && { 'content-range': range }),
  });
  // Destroying at once could lose what was written just now.
  response.write(content.subarray(start, start + count), () => {
    setTimeout(() => response.destroy(), 20);
  });
}
