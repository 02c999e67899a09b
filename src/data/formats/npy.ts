// NumPy's .npy format (numpy.lib.format): '\x93NUMPY', version (2 bytes), length of the header (2 bytes, from version 2
// on 4), the header (a Python dictionary: descr, fortran_order, shape), then the values.

const magic = Buffer.from('\x93NUMPY', 'latin1');

/** NumPy's own limit. */
const mostDimensions = 64;

/** Of one text, in characters; more is no name. */
const longestText = 4096;

export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An array of any number of dimensions, row-major. */
export interface NumpyArray<Values extends NumberArray = NumberArray> {
  readonly shape: readonly number[];
  readonly values: Values;
}

/** An array of texts of any number of dimensions, row-major. */
export interface NumpyTexts {
  readonly shape: readonly number[];
  readonly texts: readonly string[];
}

type Constructor = {
  new (buffer: ArrayBuffer): NumberArray;
  readonly BYTES_PER_ELEMENT: number;
};

/** Floats of 2 bytes, which have no array of their own on every Node that is supported; they become those of 4. */
const halfFloat = 'f2';

const arrayTypes: Readonly<Record<string, Constructor>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  [halfFloat]: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
};

/**
 * Reads an array of numbers; nothing in the file is run, and arrays of Python objects are refused.
 *
 * @throws Error saying what is wrong.
 */
export function parseNpy(bytes: Uint8Array): NumpyArray {
  const array = parseNumpy(bytes);
  if ('values' in array) return array;
  throw new Error('its values are texts; expected numbers');
}

/**
 * Reads an array of numbers or of texts (`<U…`, `S…`), as `parseNpy` does.
 *
 * @throws Error saying what is wrong.
 */
export function parseNumpy(bytes: Uint8Array): NumpyArray | NumpyTexts {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 10 || !file.subarray(0, 6).equals(magic)) {
    throw new Error('this is no .npy array; expected it to begin with \\x93NUMPY');
  }
  const wide = file[6]! >= 2;
  if (file[6]! < 1 || file[6]! > 3) throw new Error(`its format version ${file[6]} is unknown`);
  const start = wide ? 12 : 10;
  if (file.length < start) throw new Error('it is cut short within its header');
  const end = start + (wide ? file.readUInt32LE(8) : file.readUInt16LE(8));
  if (end > file.length) {
    throw new Error(`its header claims to end at byte ${end}, the file has ${file.length}`);
  }
  const { name, type, swapped, fortran, shape } = parseHeader(file.toString('latin1', start, end));
  const itemSize = typeof type === 'object' ? type.size : type.BYTES_PER_ELEMENT;
  const count = shape.reduce((product, size) => product * size, 1);
  const expected = count * itemSize;
  if (file.length - end !== expected) {
    throw new Error(
      `an array of ${shape.join(' × ') || '1'} values of ${itemSize} bytes needs ${expected} bytes, ${file.length - end} follow the header`,
    );
  }
  const data = new Uint8Array(expected);
  data.set(file.subarray(end));
  if (typeof type === 'object') {
    if (swapped && type.kind === 'U') swapBytes(data, 4);
    const texts = readTexts(Buffer.from(data.buffer), type);
    return { shape, texts: fortran ? rowMajor(texts, shape) : texts };
  }
  if (swapped) swapBytes(data, type.BYTES_PER_ELEMENT);
  const stored = new type(data.buffer);
  const values = name === halfFloat ? Float32Array.from(stored as Uint16Array, fromHalf) : stored;
  return { shape, values: fortran ? rowMajor(values, shape) : values };
}

/** The value of a float of 2 bytes (IEEE 754 binary16): a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Texts of one length, in code points of 4 bytes (U) or in bytes (S). */
interface TextType {
  readonly kind: 'U' | 'S';
  /** In bytes. */
  readonly size: number;
}

function textType(kind: string, length: number): TextType | undefined {
  // Texts of no length would let a shape claim any number of them.
  if (!(length > 0 && length <= longestText)) return undefined;
  if (kind === 'U') return { kind, size: 4 * length };
  return kind === 'S' ? { kind, size: length } : undefined;
}

/** NumPy fills what a text leaves free with zeros. */
function readTexts(data: Buffer, { kind, size }: TextType): string[] {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  return Array.from({ length: data.length / size }, (_, index) => {
    const item = data.subarray(index * size, (index + 1) * size);
    try {
      if (kind === 'S') return utf8.decode(item).replace(/\0+$/, '');
      const points = Array.from({ length: size / 4 }, (_, at) => item.readUInt32LE(4 * at));
      return String.fromCodePoint(...points).replace(/\0+$/, '');
    } catch (cause) {
      throw new Error(`its text ${index} is damaged (${String(cause)})`, { cause });
    }
  });
}

function parseHeader(text: string) {
  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z]\d*)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const sizes = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text);
  if (descr === null || order === null || sizes === null) {
    throw new Error(
      `its header cannot be understood: ${JSON.stringify(text.trim().slice(0, 120))}; expected an array of numbers`,
    );
  }
  const name = descr[2]!;
  const type = Object.hasOwn(arrayTypes, name)
    ? arrayTypes[name]
    : textType(name.slice(0, 1), Number(name.slice(1)));
  if (type === undefined) {
    const objects = name.startsWith('O') ? ' (Python objects; save texts as numpy.str_)' : '';
    throw new Error(
      `its values are of type '${descr[1]}${name}'${objects}; expected integers of 1 to 8 bytes, floats of 2 to 8, or texts`,
    );
  }
  const shape = sizes[1]!
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (!shape.every(Number.isSafeInteger)) throw new Error('its shape is no list of sizes');
  if (shape.length > mostDimensions) {
    throw new Error(`it has ${shape.length} dimensions; at most ${mostDimensions} are read`);
  }
  return { name, type, swapped: descr[1] === '>', fortran: order[1] === 'True', shape };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    bytes.subarray(start, start + size).reverse();
  }
}

/** Column-major values (first index fastest) in row-major order. */
function rowMajor<Values extends NumberArray | string[]>(
  values: Values,
  shape: readonly number[],
): Values {
  const result = values.slice() as Values;
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  let source = 0;
  for (let target = 0; target < values.length; target++) {
    result[target] = values[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      source += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      source -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

/** An array in the format's version 1, which every NumPy reads. */
export function encodeNpy({ shape, values }: NumpyArray): Buffer {
  const descr = Object.entries(arrayTypes).find(
    ([name, type]) => name !== 'b1' && name !== halfFloat && values instanceof type,
  )![0];
  const mark = descr.endsWith('1') ? '|' : '<';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${mark}${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The values begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  magic.copy(header);
  header[6] = 1;
  header[7] = 0;
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header[header.length - 1] = 0x0a;
  return Buffer.concat([header, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
