// Thrift's compact protocol (thrift-compact-protocol.md), in which Parquet's footer and page headers are written.

/** A value; sets and maps, which Parquet does not use, are refused. */
export type ThriftValue = boolean | number | Buffer | readonly ThriftValue[] | ThriftStruct;

/** A structure's fields by their numbers. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

/** Deeper than Parquet's own structures go. */
const deepest = 24;

const [trueType, falseType, byteType, doubleType, binaryType, listType, structType] = [
  1, 2, 3, 7, 8, 9, 12,
];
const integerTypes: ReadonlySet<number> = new Set([4, 5, 6]);

/**
 * Reads a structure, and where it ends. Whatever it claims to hold must be there: a list of a million elements, each of
 * which takes at least a byte, is refused before it is made if fewer bytes follow.
 *
 * @throws Error saying what is wrong.
 */
export function parseThrift(
  bytes: Buffer,
  start = 0,
): { readonly fields: ThriftStruct; readonly end: number } {
  const reader = new ThriftReader(bytes, start);
  const fields = reader.struct(0);
  return { fields, end: reader.position };
}

class ThriftReader {
  readonly #bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.position = start;
  }

  struct(depth: number): ThriftStruct {
    if (depth > deepest) throw new Error('its structures are nested too deeply');
    const fields = new Map<number, ThriftValue>();
    let field = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) return fields;
      field = head >> 4 === 0 ? this.#signed() : field + (head >> 4);
      if (type === trueType || type === falseType) fields.set(field, type === trueType);
      else fields.set(field, this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): ThriftValue {
    if (integerTypes.has(type)) return this.#signed();
    switch (type) {
      case trueType:
      case falseType:
      case byteType:
        return this.#byte();
      case doubleType:
        return this.#take(8).readDoubleLE();
      case binaryType:
        return this.#take(this.#unsigned());
      case listType:
        return this.#list(depth + 1);
      case structType:
        return this.struct(depth + 1);
    }
    throw new Error(`it has a value of the unknown type ${type} at byte ${this.position}`);
  }

  #list(depth: number): readonly ThriftValue[] {
    if (depth > deepest) throw new Error('its lists are nested too deeply');
    const head = this.#byte();
    const length = head >> 4 === 15 ? this.#unsigned() : head >> 4;
    const left = this.#bytes.length - this.position;
    if (length > left) throw new Error(`a list claims ${length} elements, ${left} bytes follow`);
    return Array.from({ length }, () => this.#value(head & 15, depth));
  }

  #byte(): number {
    return this.#take(1)[0]!;
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(this.position, this.position + count);
    if (taken.length !== count) throw new Error('it is cut short within a structure');
    this.position += count;
    return taken;
  }

  /** At most 10 bytes of 7 bits each, as 64 bits need. */
  #unsigned(): number {
    const { value, end } = readVarint(this.#bytes, this.position, 10);
    this.position = end;
    return value;
  }

  /** Zigzag: 0, -1, 1, -2… */
  #signed(): number {
    const value = this.#unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/**
 * A number in groups of seven bits, the lowest first (LEB128); exact to 2^53.
 *
 * @throws Error if it is longer than `most` bytes, or cut short.
 */
export function readVarint(
  bytes: Uint8Array,
  start: number,
  most: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < most; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) throw new Error('it is cut short within a number');
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return { value, end: start + index + 1 };
  }
  throw new Error(`a number at byte ${start} has no end`);
}
