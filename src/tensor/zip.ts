import { crc32 } from 'node:zlib';
import { type ZippableFile, zipSync } from 'fflate';

/**
 * The subset of the ZIP format (PKWARE's APPNOTE 6.3) that PyTorch's files use: entries stored without compression, in
 * archives below 4 GiB.
 */
const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const localSize = 30;
const centralSize = 46;
const endSize = 22;
const largestComment = 0xffff;
const unknown32 = 0xffffffff;
/** Entries begin at multiples of this, as PyTorch needs for reading them in place. */
const alignment = 64;
/** The header of a field beside an entry's name; 'FB' is PyTorch's own, of any content. */
const extraSize = 4;
const paddingField = 0x4246;

/**
 * The entries of an archive by name, as views of `bytes`. Throws Error for a damaged or unsupported archive, and for one
 * whose entries overlap or share a name: many on the same bytes would take forever to check.
 */
export function readZip(bytes: Buffer): Map<string, Buffer> {
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  const entries = new Map<string, Buffer>();
  let claimed = 0;
  let position = bytes.readUInt32LE(end + 16);
  if (position === unknown32) throw new Error('archives of 4 GiB and more are not supported');
  for (let entry = 0; entry < count; entry++) {
    requireSignature(bytes, position, centralSignature, centralSize);
    const nameEnd = position + centralSize + bytes.readUInt16LE(position + 28);
    const name = bytes.toString('utf8', position + centralSize, nameEnd);
    claimed += bytes.readUInt32LE(position + 20);
    if (claimed > bytes.length) {
      throw new Error(`its entries claim more bytes than the ${bytes.length} that it has`);
    }
    if (entries.has(name)) throw new Error(`it has two entries '${name}'`);
    entries.set(name, readEntry(bytes, position, name));
    position = nameEnd + bytes.readUInt16LE(position + 30) + bytes.readUInt16LE(position + 32);
  }
  return entries;
}

function findEnd(bytes: Buffer): number {
  const lowest = Math.max(0, bytes.length - endSize - largestComment);
  for (let position = bytes.length - endSize; position >= lowest; position--) {
    if (bytes.readUInt32LE(position) === endSignature) return position;
  }
  throw new Error(
    'it is not a complete ZIP archive (it is cut short, or of a PyTorch before 1.6: save it again with a newer one)',
  );
}

function requireSignature(bytes: Buffer, position: number, signature: number, size: number): void {
  if (position + size > bytes.length || bytes.readUInt32LE(position) !== signature) {
    throw new Error(`its ZIP directory is damaged at byte ${position}`);
  }
}

function readEntry(bytes: Buffer, central: number, name: string): Buffer {
  const size = bytes.readUInt32LE(central + 20);
  const local = bytes.readUInt32LE(central + 42);
  if (bytes.readUInt16LE(central + 10) !== 0) throw new Error(`its entry '${name}' is compressed`);
  requireSignature(bytes, local, localSignature, localSize);
  const start = local + localSize + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const content = bytes.subarray(start, start + size);
  if (content.length !== size || crc32(content) !== bytes.readUInt32LE(central + 16)) {
    throw new Error(`its entry '${name}' is damaged`);
  }
  return content;
}

/** An archive of the given entries. Throws RangeError when it would reach 4 GiB. */
export function writeZip(entries: ReadonlyMap<string, Uint8Array>): Buffer {
  let offset = 0;
  const files = [...entries].map(([name, content]): [string, ZippableFile] => {
    const unpadded = offset + localSize + Buffer.byteLength(name) + extraSize;
    const padding = (alignment - (unpadded % alignment)) % alignment;
    offset = unpadded + padding + content.length;
    if (offset >= unknown32) throw new RangeError('archives of 4 GiB and more are not supported');
    return [name, [content, { extra: { [paddingField]: new Uint8Array(padding) } }]];
  });
  // The same entries give the same bytes.
  const archive = zipSync(Object.fromEntries(files), { level: 0, mtime: new Date(1980, 0, 1) });
  return Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
}
