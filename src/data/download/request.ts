import { TransferError } from './transfer-error.js';

/** Answers that may be better in a moment; others of 400 to 499 will stay. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** A server's answer with the bytes of a file from some position on. */
export interface FileResponse {
  readonly body: ReadableStream<Uint8Array>;
  /** Where in the file the body starts: 0 if the server sends the whole file, whatever was asked for. */
  readonly start: number;
}

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
  const { url, start: wanted, signal } = request;
  // Bytes as they are stored: a compressed transfer has another length, and no positions to resume from.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (wanted > 0) headers.range = `bytes=${wanted}-`;
  const response = await fetch(url, { headers, signal });
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
