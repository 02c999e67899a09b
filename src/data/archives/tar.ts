import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { FailureError, UsageError } from '../../core/errors.js';
import { readBytes } from '../formats/read-file.js';
import type { EntryKind, Unpacking } from './unpacking.js';

/** A tar file ends with two blocks of zeros (POSIX.1-2017, pax: ustar interchange format). */
const endMarkLength = 1024;

const entryKinds: Readonly<Record<string, EntryKind>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'folder',
  link: 'link',
  symlink: 'link',
};

/**
 * Unpacks a tar file, plain or compressed by gzip (told by its content, not its name).
 *
 * @throws the unpacking's errors, and those of the two formats' readers.
 */
export async function unpackTar(path: string, unpacking: Unpacking): Promise<void> {
  const source = createReadStream(path);
  const entries = extract();
  const end = new EndMark();
  const compressed = (await readBytes(path, 0, 2)).readUInt16BE(0) === 0x1f8b;
  const stages = compressed ? [source, createGunzip(), end, entries] : [source, end, entries];
  const feeding = pipeline(stages).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    for await (const entry of entries) {
      const { name, type, size } = entry.header;
      const kind = entryKinds[type] ?? 'special';
      await unpacking.add({ name, kind, size, content: () => bytesOf(entry) });
      // What was left out must still be read past.
      entry.resume();
    }
  } catch (error) {
    source.destroy();
    // The reader of the entries only knows that its input ended; the stage before it knows why.
    const cause = await feeding;
    throw isOwn(error) ? error : (cause ?? error);
  }
  const failure = await feeding;
  if (failure !== undefined) throw failure;
  if (!end.seen) throw new Error('the archive ends without the mark of its end: it is truncated');
}

async function* bytesOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

/** Whether an error says itself what is wrong: one of the unpacking, or of the disk. Others come from the streams. */
function isOwn(error: unknown): boolean {
  const said = error instanceof UsageError || error instanceof FailureError;
  return said || (error instanceof Error && 'syscall' in error);
}

/** Passes a tar file on, and notices whether it ends as it should: the reader takes an early end for the end. */
class EndMark extends Transform {
  #zeros = 0;

  get seen(): boolean {
    return this.#zeros >= endMarkLength;
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: Error | null, chunk: Buffer) => void,
  ): void {
    let start = chunk.length;
    while (start > 0 && chunk.length - start < endMarkLength && chunk[start - 1] === 0) start -= 1;
    const zeros = chunk.length - start;
    this.#zeros = start === 0 || zeros === endMarkLength ? this.#zeros + zeros : zeros;
    done(null, chunk);
  }
}
