import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { readBytes } from '../formats/read-file.js';
import type { EntryKind, Unpacking } from './unpacking.js';

// Field names and numbers: APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.

/** What may follow the list of entries: the end record, that of Zip64, or a signature over the list. */
const afterList: ReadonlySet<number> = new Set([0x06054b50, 0x06064b50, 0x05054b50]);

const fileType = 0o170000;
const regularFile = 0o100000;
const directory = 0o040000;
const symbolicLink = 0o120000;

/**
 * Unpacks a zip file, following the list of entries at its end. Every entry's name must be the same in that list and before
 * its data, and its data must agree with its CRC-32.
 *
 * @throws the unpacking's errors, and those of the format's reader.
 */
export async function unpackZip(path: string, unpacking: Unpacking): Promise<void> {
  const zip = await openPromise(path, { autoClose: false, strictFileNames: true });
  try {
    for await (const entry of zip.eachEntry()) {
      await checkName(zip, entry, unpacking);
      await unpacking.add({
        name: entry.fileName,
        kind: kindOf(entry),
        size: entry.uncompressedSize,
        content: () => content(zip, entry, unpacking),
      });
    }
    await checkEnd(path, zip);
  } finally {
    zip.close();
  }
}

/** Also of entries that will be left out: a damaged name may be why. */
async function checkName(zip: ZipFile, entry: Entry, unpacking: Unpacking): Promise<void> {
  const local = await zip.readLocalFileHeaderPromise(entry);
  if (local.fileName.equals(entry.fileNameRaw)) return;
  throw unpacking.error(entry.fileName, 'its name before its data is another than in the list');
}

/** Archives made on Unix keep the file's type in the upper half of the attributes; in others it is 0. */
function kindOf(entry: Entry): EntryKind {
  if (entry.isEncrypted()) return 'encrypted';
  const type = (entry.externalFileAttributes >>> 16) & fileType;
  if (type === symbolicLink) return 'link';
  if (type !== 0 && type !== regularFile && type !== directory) return 'special';
  return entry.fileName.endsWith('/') ? 'folder' : 'file';
}

async function* content(
  zip: ZipFile,
  entry: Entry,
  unpacking: Unpacking,
): AsyncGenerator<Uint8Array> {
  let sum = 0;
  const stream: AsyncIterable<Buffer> = await zip.openReadStreamPromise(entry);
  for await (const chunk of stream) {
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (sum !== entry.crc32) throw unpacking.error(entry.fileName, 'its data fails its CRC-32 check');
}

/** A list with entries beyond the number that the end record tells would be unpacked in part, in silence. */
async function checkEnd(path: string, zip: ZipFile): Promise<void> {
  // yauzl's types call it a boolean; it is the position after the last entry read.
  const position = Number(zip.readEntryCursor);
  const record = await readBytes(path, position, 4);
  if (afterList.has(record.readUInt32LE(0))) return;
  throw new Error(`byte ${position}: the list of entries does not end where its length says`);
}
