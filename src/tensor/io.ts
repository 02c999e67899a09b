import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type DType, dtypeBytes } from './dtype.js';
import { FailureError, UsageError } from './errors.js';
import { native, type TensorHandle } from './native.js';
import { fromBytes, Tensor } from './tensor.js';

/** Writes a file so that a reader sees either the old content or the new, never a part: temporary file, fsync, rename. */
export function writeFileAtomic(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.partial`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const file = openSync(temporary, 'w');
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new FailureError(`${path} could not be written: ${(cause as Error).message}`, { cause });
  }
}

function readBytes(path: string): Buffer {
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
  writeFileAtomic(path, Buffer.concat([length, padded, ...parts]));
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
  const data = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, Tensor>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(
    parseHeader(bytes.subarray(8, 8 + headerLength), fail),
  )) {
    if (name === '__metadata__') metadata = entry as Record<string, string>;
    else tensors.set(name, readEntry(name, entry, data, fail));
  }
  return { tensors, metadata };
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

function readEntry(
  name: string,
  entry: unknown,
  data: Buffer,
  fail: (what: string) => never,
): Tensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const type =
    safetensorsTypes[String(dtype)] ??
    fail(`tensor '${name}' has unknown dtype '${String(dtype)}'`);
  if (!isSizes(shape)) return fail(`tensor '${name}' has an invalid shape`);
  if (!isSizes(offsets) || offsets.length !== 2)
    return fail(`tensor '${name}' has invalid data_offsets`);
  const [start, end] = offsets as [number, number];
  const expected = shape.reduce((product, size) => product * size, dtypeBytes(type));
  if (end - start !== expected || end > data.length) {
    fail(
      `tensor '${name}' of shape [${shape.join(', ')}] needs ${expected} bytes, its data_offsets give ${end - start} of the ${data.length} present`,
    );
  }
  return fromBytes(data.subarray(start, end), shape, type);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** What a `.pt` file can hold: tensors, numbers, strings, booleans and null, in arrays and plain objects. */
export type Storable =
  | Tensor
  | number
  | string
  | boolean
  | null
  | readonly Storable[]
  | { readonly [key: string]: Storable };

/** Writes a value so that Python's `torch.load` reads it (tensors, lists, dictionaries, scalars), atomically. */
export function savePt(path: string, value: Storable): void {
  writeFileAtomic(path, native.pickleSave(mapTensors(value, (tensor) => tensor.handle)));
}

/**
 * Reads a file written by Python's `torch.save` or by `savePt`; the tensors belong to the caller. Only tensors and
 * plain containers are rebuilt and no code in the file is run. Throws UsageError for anything else.
 */
export function loadPt(path: string): Storable {
  const bytes = readBytes(path);
  try {
    return mapHandles(native.pickleLoad(bytes));
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0];
    throw new UsageError(
      `${path} could not be read as a PyTorch file of tensors and plain containers: ${reason}`,
      { cause },
    );
  }
}

function mapTensors(value: Storable, convert: (tensor: Tensor) => TensorHandle): unknown {
  if (value instanceof Tensor) return convert(value);
  if (Array.isArray(value)) return value.map((item) => mapTensors(item as Storable, convert));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapTensors(item as Storable, convert)]),
  );
}

function mapHandles(value: unknown): Storable {
  if (Array.isArray(value)) return value.map(mapHandles);
  if (typeof value !== 'object' || value === null) return value as Storable;
  const entries = Object.entries(value);
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(entries.map(([key, item]) => [key, mapHandles(item)]));
  }
  return new Tensor(value as TensorHandle);
}
