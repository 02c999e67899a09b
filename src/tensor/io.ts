import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../core/errors.js';
import { makeFolder, writeFileAtomic } from '../core/files.js';
import { type DType, dtypeBytes } from './dtype.js';
import { scope } from './scope.js';
import { isShape, isSizes } from './shape.js';
import { fromBytes, type Tensor } from './tensor.js';

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
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, value] of tensors) {
    const bytes = value.toBytes();
    header[name] = {
      dtype: safetensorsNames.get(value.dtype),
      shape: value.shape,
      data_offsets: [offset, offset + bytes.length],
    };
    parts.push(bytes);
    offset += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  writeBytes(path, Buffer.concat([length, padded, ...parts]));
}

/**
 * Reads a safetensors file; the tensors belong to the caller. Throws UsageError naming the file and the field when it
 * is not a complete, consistent safetensors file.
 */
export function loadSafetensors(path: string): TensorFile {
  const bytes = readBytes(path);
  const fail = (what: string): never => {
    throw new UsageError(
      `${path} is not a valid safetensors file: ${what}. Write or download it again.`,
    );
  };
  if (bytes.length < 8) fail(`it has ${bytes.length} bytes, at least 8 are needed`);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > bytes.length - 8) {
    fail(`its header claims ${headerLength} bytes, only ${bytes.length - 8} follow`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerLength), fail);
  const data = bytes.subarray(8 + headerLength);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isMetadata(metadata)) return fail('its __metadata__ is not an object of strings');
  const parts = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, fail));
  checkCover(parts, data.length, fail);
  const read = ({ name, start, end, shape, dtype }: Entry): [string, Tensor] => [
    name,
    fromBytes(data.subarray(start, end), shape, dtype),
  ];
  return { tensors: scope(() => new Map(parts.map(read))), metadata };
}

/** One tensor's entry in the header: bytes `start` to `end` of the data. */
interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
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
  const expected = shape.reduce((product, size) => product * size, dtypeBytes(type));
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
