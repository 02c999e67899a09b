import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

/** An entry of an archive to be made: a file unless its header says otherwise. */
export interface TestEntry {
  readonly name: string;
  readonly content?: Buffer | string;
  readonly type?: Header['type'];
  readonly linkname?: string;
}

/** The bytes of a tar file with these entries, whatever they are. */
export async function makeTar(entries: readonly TestEntry[]): Promise<Buffer> {
  const packing = pack();
  for (const { name, content = '', type = 'file', linkname } of entries) {
    const header = { name, type, ...(linkname !== undefined && { linkname }) };
    packing.entry(header, type === 'file' ? content : '');
  }
  packing.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of packing as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** An entry of a zip file to be made, with what a dishonest one may claim. */
export interface ZipEntry {
  readonly name: string;
  readonly content?: Buffer | string;
  /** Unix file type and permissions; 0 for none. */
  readonly mode?: number;
  /** Claimed size of the unpacked content. */
  readonly claimedSize?: number;
  readonly encrypted?: boolean;
  /** The name before the data, where it differs. */
  readonly localName?: string;
}

/** The bytes of a zip file with these entries (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16). */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const data: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const { name, content = '', mode = 0, claimedSize, encrypted, localName } of entries) {
    const bytes = Buffer.from(content);
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(encrypted ? 1 : 0, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claimedSize ?? bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(localName ?? name), 22);
    const listed = Buffer.from(common);
    listed.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(mode * 0x10000, 6);
    rest.writeUInt32LE(offset, 10);
    const local = [Buffer.from('PK\x03\x04'), common, Buffer.from(localName ?? name), packed];
    const madeByUnix = Buffer.from([20, 3]);
    list.push(Buffer.from('PK\x01\x02'), madeByUnix, listed, rest, Buffer.from(name));
    data.push(...local);
    offset += local.reduce((sum, piece) => sum + piece.length, 0);
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...data, directory, end]);
}

/** Every file below a folder by its path, and every folder with a `/` at its end, as one object. */
export function readTree(folder: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) tree[`${name}/`] = '';
    else tree[name] = readFileSync(path, 'latin1');
  }
  return tree;
}

/** The content of one file of the archives. */
export const text = 'Ernest Hemingway '.repeat(300);
/** The content of another. */
export const binary = Buffer.from(
  Array.from({ length: 5000 }, (_, index) => (index * index * 7) % 251),
);
/** The entries of an archive without fault, below the folder `set`. */
export const honest = [
  { name: 'set/', type: 'directory' },
  { name: 'set/readme.txt', content: text },
  { name: 'set/train/a.bin', content: binary },
  { name: './set/train/deep/er/b.bin', content: 'b' },
  { name: 'set/empty', content: '' },
] as const satisfies TestEntry[];
/** The same, for a zip file. */
export const honestZip = honest.map(({ name, ...rest }) => ({
  name: name.replace('./', ''),
  ...('content' in rest && { content: rest.content }),
}));
/** What `readTree` gives of them, unpacked from `set`. */
export const tree = {
  empty: '',
  'readme.txt': text,
  'train/': '',
  'train/a.bin': binary.toString('latin1'),
  'train/deep/': '',
  'train/deep/er/': '',
  'train/deep/er/b.bin': 'b',
};
