import { brotliDecompressSync, unzipSync } from 'node:zlib';
import type { CompressionCodec, Compressors, ParquetType } from 'hyparquet';
import { decompressSnappy, compressors as known } from 'hyparquet-compressors';
import { parseThrift, readVarint, type ThriftStruct } from './thrift.js';
import { requireRoom } from './unpacked-size.js';
import { decompressZstd } from './zstd.js';

// Numbers of fields, pages and encodings: parquet.thrift of the Apache Parquet format, version 2.

const dataPage = 0;
const dictionaryPage = 2;
const dataPageV2 = 3;

const plainEncoding = 0;
const dictionaryEncodings: ReadonlySet<number> = new Set([2, 8]);
const deltaEncodings: ReadonlySet<number> = new Set([5, 6]);

/** How pages are decompressed, each to the length that it must have. */
export const compressors: Compressors = {
  ...known,
  SNAPPY: unpackSnappy,
  GZIP: (input, length) => unzipSync(input, { maxOutputLength: Math.max(length, 1) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(length, 1) }),
  ZSTD: decompressZstd,
};

/** Bytes of a page for which Snappy's memory, which never shrinks, is kept for the next page. */
const mostKept = 2 ** 24;

/** The library trusts the length that it is told; the data's own comes first (format_description.txt of google/snappy). */
function unpackSnappy(input: Uint8Array, length: number): Uint8Array {
  const { value } = readVarint(input, 0, 5);
  if (value !== length) {
    throw new Error(`a page compressed by snappy has ${value} bytes, its header says ${length}`);
  }
  return length <= mostKept ? known.SNAPPY!(input, length) : decompressSnappy(input, length);
}

/** Bit-packed runs are padded: writers reserve up to 64 groups of 8 values. */
const mostPadding = 511;

/** The pages of one column in one row group. */
export interface ColumnPages {
  readonly codec: CompressionCodec;
  readonly type: ParquetType;
  /** How many values they may hold. */
  readonly rows: number;
  /** How many of the column and the structures around it may be missing. */
  readonly optionalLevels: number;
}

/**
 * Checks that the pages of a column claim nothing that isn't there. The library that reads them trusts what they say of
 * themselves: a run of a billion values in a page of some bytes would exhaust the memory, and a block of no values
 * would never end.
 *
 * @throws Error saying what is wrong.
 */
export function checkPages(bytes: Buffer, column: ColumnPages): void {
  let values = 0;
  let unpacked = 0;
  for (let position = 0; position < bytes.length - 1; ) {
    const page = readPage(bytes, position);
    position = page.next;
    unpacked += page.unpacked;
    requireRoom('the pages of a column claim', unpacked, bytes.length);
    if (page.kind !== dictionaryPage) values += page.values;
    if (values > column.rows) {
      throw new Error(`a column has ${values} values in its pages, for ${column.rows} rows`);
    }
    if (page.kind === dataPage) checkFirstVersion(page, column);
    else if (page.kind === dataPageV2) checkSecondVersion(page, column);
    else if (page.values > page.unpacked) {
      throw new Error(`a dictionary claims ${page.values} values in ${page.unpacked} bytes`);
    }
  }
}

interface Page {
  readonly kind: number;
  /** The part of the header that belongs to the kind. */
  readonly header: ThriftStruct;
  readonly values: number;
  readonly content: Buffer;
  /** Bytes of the content once it is decompressed. */
  readonly unpacked: number;
  readonly next: number;
}

function readPage(bytes: Buffer, position: number): Page {
  const { fields, end } = parseThrift(bytes, position);
  const [kind, unpacked, packed] = [1, 2, 3].map((field) => numberOf(fields, field));
  const header = fields.get(kind === dataPage ? 5 : kind === dictionaryPage ? 7 : 8);
  if (!(header instanceof Map)) throw new Error(`the page at byte ${position} is of no known kind`);
  const content = bytes.subarray(end, end + packed!);
  if (content.length !== packed) {
    throw new Error(`a page claims ${packed} bytes, ${content.length} follow`);
  }
  const values = numberOf(header, 1);
  return { kind: kind!, header, values, content, unpacked: unpacked!, next: end + packed };
}

function numberOf(fields: ThriftStruct, field: number): number {
  const value = fields.get(field);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`a page's header has no proper number in field ${field}`);
}

function checkFirstVersion({ header, values, content, unpacked }: Page, column: ColumnPages): void {
  const page = decompress(content, unpacked, column.codec);
  let start = 0;
  if (column.optionalLevels > 0) {
    if (page.length < 4) throw new Error('a page ends within its levels');
    checkRuns(page.subarray(4), widthOf(column.optionalLevels), values);
    start = 4 + page.readUInt32LE(0);
  }
  checkValues(page.subarray(start), { encoding: numberOf(header, 2), values, type: column.type });
}

function checkSecondVersion(page: Page, { codec, type, optionalLevels }: ColumnPages): void {
  const { header, values, content, unpacked } = page;
  const [missing, encoding, levels, repetitions] = [2, 4, 5, 6].map((field) =>
    numberOf(header, field),
  );
  if (missing! > values || repetitions !== 0 || levels! > Math.min(content.length, unpacked)) {
    throw new Error('the header of a page contradicts itself');
  }
  if (optionalLevels > 0) checkRuns(content, widthOf(optionalLevels), values);
  const rest = content.subarray(levels);
  const plain = header.get(7) === false;
  const decompressed = plain ? rest : decompress(rest, unpacked - levels!, codec);
  checkValues(decompressed, { encoding: encoding!, values, type });
}

function widthOf(most: number): number {
  return 32 - Math.clz32(most);
}

function decompress(content: Buffer, length: number, codec: CompressionCodec): Buffer {
  if (codec === 'UNCOMPRESSED') return content;
  const decompressor = compressors[codec];
  if (decompressor === undefined) throw new Error(`its compression ${codec} is not read`);
  const { buffer, byteOffset, byteLength } = decompressor(content, length);
  if (byteLength === length) return Buffer.from(buffer, byteOffset, byteLength);
  throw new Error(`a page has ${byteLength} bytes unpacked, its header says ${length}`);
}

interface Values {
  readonly encoding: number;
  readonly values: number;
  readonly type: ParquetType;
}

function checkValues(bytes: Buffer, { encoding, values, type }: Values): void {
  if (encoding === plainEncoding) return;
  // Truth values are laid out in other ways.
  if (type === 'BOOLEAN') throw new Error(`its truth values are in the encoding ${encoding}`);
  if (dictionaryEncodings.has(encoding)) {
    const width = bytes[0] ?? 0;
    if (width > 32) throw new Error(`a page has numbers of ${width} bits`);
    checkRuns(bytes.subarray(1), width, values);
  } else if (deltaEncodings.has(encoding)) checkBlocks(bytes);
  else throw new Error(`its values are in the encoding ${encoding}, which is not read`);
}

/** Runs of one value, and groups of eight values packed in bits (RLE / bit-packing hybrid). */
function checkRuns(bytes: Buffer, width: number, values: number): void {
  let seen = 0;
  for (let position = 0; seen < values && position < bytes.length; ) {
    const { value: head, end } = readVarint(bytes, position, 5);
    const packed = head % 2 === 1;
    const count = packed ? Math.floor(head / 2) * 8 : head / 2;
    if (count > values + (packed ? mostPadding : 0)) {
      throw new Error(`a run claims ${count} values, its page has ${values}`);
    }
    seen += count;
    position = end + Math.ceil((packed ? count * width : width) / 8);
  }
}

/** Differences in blocks, each of which is divided in equal parts of a multiple of 32 values. */
function checkBlocks(bytes: Buffer): void {
  const { value: size, end } = readVarint(bytes, 0, 5);
  const { value: parts } = readVarint(bytes, end, 5);
  if (size > 0 && size <= 2 ** 16 && parts > 0 && size % (32 * parts) === 0) return;
  throw new Error(`a page's blocks of ${size} values in ${parts} parts are not proper`);
}
