import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../core/errors.js';
import { makeFolder, writeFileAtomic } from '../core/files.js';
import { type DType, dtypeBytes } from './dtype.js';
import { mapFile } from './mapping.js';
import { scope } from './scope.js';
import { isShape, isSizes } from './shape.js';
import { type Device, fromBytes, type Tensor } from './tensor.js';

/** Writes a file atomically, making its folder. Throws FailureError naming the file when it cannot be written. */
export function writeBytes(path: string, content: Uint8Array): void {
  makeFolder(dirname(path));
  writeFileAtomic(path, content);
}

/** A file's content. Throws UsageError when it cannot be read. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`${path} could not be read: ${(cause as Error).message}`, { cause });
  }
}

const safetensorsTypes: Record<string, DType> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};
const safetensorsNames = new Map(
  Object.entries(safetensorsTypes).map(([name, dtype]) => [dtype, name]),
);

export interface TensorLayout {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface TensorFile {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/**
 * Writes named tensors and string metadata in the safetensors format (8-byte little-endian header length, JSON header,
 * raw data), atomically.
 */
export function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Record<string, string> = {},
): void {
  const stored = [...tensors].map(([name, value]) => ({ name, value, bytes: value.toBytes() }));
  const header = safetensorsHeader(
    stored.map(({ name, value: { dtype, shape } }) => ({ name, dtype, shape })),
    metadata,
  );
  writeBytes(path, Buffer.concat([header, ...stored.map(({ bytes }) => bytes)]));
}

/** What comes before the data of a safetensors file whose tensors follow one another in this order. */
export function safetensorsHeader(
  tensors: readonly TensorLayout[],
  metadata: Record<string, string>,
): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = offset + bytesOf(shape, dtype);
    header[name] = { dtype: safetensorsNames.get(dtype), shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded]);
}

function bytesOf(shape: readonly number[], dtype: DType): number {
  return shape.reduce((product, size) => product * size, dtypeBytes(dtype));
}

/**
 * Reads a safetensors file; the tensors belong to the caller. Throws UsageError naming the file and the field when it
 * is not a complete, consistent safetensors file.
 */
export function loadSafetensors(path: string): TensorFile {
  const bytes = readBytes(path);
  const { entries, metadata, data } = readLayout(path, bytes.length, (start, length) =>
    bytes.subarray(start, start + length),
  );
  const read = ({ name, start, end, shape, dtype }: Entry): [string, Tensor] => [
    name,
    fromBytes(bytes.subarray(data + start, data + end), shape, dtype),
  ];
  return { tensors: scope(() => new Map(entries.map(read))), metadata };
}

/** A tensor that stays in its file. */
export interface MappedTensor {
  readonly shape: readonly number[];
  /** The bytes of one row: everything at an index of the first dimension; see `mapFile`. */
  rowBytes(index: number): Uint8Array;
  /** A copy of a row, of the shape without the first dimension, on the CPU or another device. Throws RangeError when there is none such. */
  row(index: number, device?: Device): Tensor;
}

/** One tensor of a safetensors file, to be read row by row. Throws UsageError for a file without it, or as above. */
export function mapSafetensors(path: string, name: string): MappedTensor {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const { entries, data } = readLayout(path, size, (start, length) =>
    Buffer.from(mapFile(path, start, length)),
  );
  const entry = entries.find((found) => found.name === name);
  if (entry === undefined) throw new UsageError(`${path} holds no tensor named '${name}'`);
  const [rows = 0, ...shape] = entry.shape;
  const length = bytesOf(shape, entry.dtype);
  const rowBytes = (index: number): Uint8Array => {
    if (Number.isInteger(index) && index >= 0 && index < rows) {
      return mapFile(path, data + entry.start + index * length, length);
    }
    throw new RangeError(`'${name}' of ${path} has ${rows} rows, there is no row ${index}`);
  };
  const row = (index: number, device?: Device) =>
    fromBytes(rowBytes(index), shape, entry.dtype, device);
  return { shape: entry.shape, rowBytes, row };
}

/** What a file of `size` bytes holds, and where its data begins. */
function readLayout(path: string, size: number, read: (start: number, length: number) => Buffer) {
  const fail = (what: string): never => {
    throw new UsageError(
      `${path} is not a valid safetensors file: ${what}. Write or download it again.`,
    );
  };
  if (size < 8) fail(`it has ${size} bytes, at least 8 are needed`);
  const headerLength = Number(read(0, 8).readBigUInt64LE());
  const data = 8 + headerLength;
  if (data > size) fail(`its header claims ${headerLength} bytes, only ${size - 8} follow`);
  const { __metadata__: metadata = {}, ...named } = parseHeader(read(8, headerLength), fail);
  if (!isMetadata(metadata)) return fail('its __metadata__ is not an object of strings');
  const entries = Object.entries(named).map(([name, entry]) => checkEntry(name, entry, fail));
  checkCover(entries, size - data, fail);
  return { entries, metadata, data };
}

/** One tensor's entry in the header: bytes `start` to `end` of the data. */
interface Entry extends TensorLayout {
  readonly start: number;
  readonly end: number;
}

function parseHeader(json: Buffer, fail: (what: string) => never): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(json.toString('utf8'));
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
      return header as Record<string, unknown>;
    }
  } catch (error) {
    return fail(`its header is not JSON (${(error as Error).message})`);
  }
  return fail('its header is not a JSON object');
}

function checkEntry(name: string, entry: unknown, fail: (what: string) => never): Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const type =
    typeof dtype === 'string' && Object.hasOwn(safetensorsTypes, dtype)
      ? safetensorsTypes[dtype]!
      : fail(
          `tensor '${name}' has unknown dtype '${typeof dtype === 'string' ? dtype : typeof dtype}'`,
        );
  if (!isShape(shape)) return fail(`tensor '${name}' has an invalid shape`);
  if (!isSizes(offsets) || offsets.length !== 2)
    return fail(`tensor '${name}' has invalid data_offsets`);
  const [start, end] = offsets as [number, number];
  const expected = bytesOf(shape, type);
  if (end - start !== expected) {
    fail(
      `tensor '${name}' of shape [${shape.join(', ')}] needs ${expected} bytes, its data_offsets give ${end - start}`,
    );
  }
  return { name, dtype: type, shape, start, end };
}

/** The format asks that the tensors cover the data exactly, without gaps and overlaps. */
function checkCover(
  entries: readonly Entry[],
  length: number,
  fail: (what: string) => never,
): void {
  let covered = 0;
  for (const { name, start, end } of entries.toSorted(
    (a, b) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== covered) {
      fail(`tensor '${name}' starts at byte ${start} of the data, expected ${covered}`);
    }
    covered = end;
  }
  if (covered !== length) {
    fail(`its tensors need ${covered} bytes of data, ${length} are present`);
  }
}

function isMetadata(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string')
  );
}
