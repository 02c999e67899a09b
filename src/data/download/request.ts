import { TransferError } from './transfer-error.js';

/** Redirects followed before a server is taken to lead in a circle. */
const mostRedirects = 10;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Answers that may be better in a moment; others of 400 to 499 will stay. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** A server's answer with the bytes of a file from some position on. */
export interface FileResponse {
  readonly body: ReadableStream<Uint8Array>;
  /** Where in the file the body starts: 0 if the server sends the whole file, whatever was asked for. */
  readonly start: number;
}

/** Which bytes of which file. */
export interface FileRequest {
  readonly url: string;
  /** The first byte wanted. */
  readonly start: number;
  /** Of the whole file, in bytes. */
  readonly size: number;
  readonly signal: AbortSignal;
}

/**
 * Asks for a file from a position on, following redirects, and checks the answer's headers.
 *
 * @throws TransferError if the answer is not the one asked for; `fetch`'s errors if there is none.
 */
export async function requestFile(request: FileRequest): Promise<FileResponse> {
  const response = await followRedirects(request);
  const { status, body } = response;
  try {
    checkStatus(response);
    if (body === null) {
      throw new TransferError('the answer has no content', { again: true });
    }
    const start = status === 206 ? startOfPart(response, request) : 0;
    checkLength(response, request.size - start);
    return { body, start };
  } catch (error) {
    await body?.cancel().catch(() => undefined);
    throw error;
  }
}

async function followRedirects({ url, start, signal }: FileRequest): Promise<Response> {
  // Bytes as they are stored: a compressed transfer has another length, and no positions to resume from.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (start > 0) headers.range = `bytes=${start}-`;
  let address = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetch(address, { headers, signal, redirect: 'manual' });
    if (!redirectStatuses.has(response.status)) return response;
    await response.body?.cancel().catch(() => undefined);
    address = redirectTarget(response, address);
  }
  throw new TransferError(`more than ${mostRedirects} redirects, the last to ${address}`, {
    again: false,
  });
}

function redirectTarget(response: Response, from: string): string {
  const location = response.headers.get('location');
  if (location === null || !URL.canParse(location, from)) {
    throw new TransferError(
      `${response.status}: a redirect to nowhere (${location ?? 'no location'})`,
      {
        again: false,
      },
    );
  }
  const target = new URL(location, from);
  if (target.protocol === 'https:' || target.protocol === 'http:') return target.href;
  throw new TransferError(`a redirect to ${target.href}, which is not a web address`, {
    again: false,
  });
}

function checkStatus({ status, statusText, headers }: Response): void {
  if (status === 200 || status === 206) return;
  const answer = `the server answered ${`${status} ${statusText}`.trim()}`;
  // 416: what is there already goes beyond the server's file, so that it can't be a part of it.
  if (status === 416) throw new TransferError(answer, { again: true, discard: true });
  if (status < 500 && !passingStatuses.has(status))
    throw new TransferError(answer, { again: false });
  const wait = Number(headers.get('retry-after') ?? Number.NaN);
  throw new TransferError(answer, { again: true, ...(wait > 0 && { waitSeconds: wait }) });
}

/** The position that a 206 answer starts at (RFC 9110, section 14.4). */
function startOfPart({ headers }: Response, { start, size }: FileRequest): number {
  const range = headers.get('content-range') ?? '';
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range);
  const fits =
    match !== null &&
    Number(match[1]) === start &&
    Number(match[2]) === size - 1 &&
    (match[3] === '*' || Number(match[3]) === size);
  if (fits) return start;
  throw new TransferError(
    `asked for bytes ${start}-${size - 1} of ${size}, the server sent '${range || 'no content-range'}'`,
    { again: true, discard: true },
  );
}

function checkLength({ headers }: Response, expected: number): void {
  const length = headers.get('content-length');
  if (length === null || Number(length) === expected) return;
  throw new TransferError(`the server sends ${length} bytes; expected ${expected}`, {
    again: false,
  });
}
