// NumPy's .npy format (numpy.lib.format): '\x93NUMPY', version (2 bytes), length of the header (2 bytes, from version 2
// on 4), the header (a Python dictionary: descr, fortran_order, shape), then the values.

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** NumPy's own limit. */
const MOST_DIMENSIONS = 64;

/** Values of an array. */
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

type Constructor = {
  new (buffer: ArrayBuffer): NumberArray;
  readonly BYTES_PER_ELEMENT: number;
};

const TYPES: Readonly<Record<string, Constructor>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  f4: Float32Array,
  f8: Float64Array,
};

/**
 * Reads an array of numbers; nothing in the file is run, and arrays of Python objects are refused.
 *
 * @throws Error saying what is wrong.
 */
export function parseNpy(bytes: Uint8Array): NumpyArray {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 10 || !file.subarray(0, 6).equals(MAGIC)) {
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
  const { type, swapped, fortran, shape } = parseHeader(file.toString('latin1', start, end));
  const count = shape.reduce((product, size) => product * size, 1);
  const expected = count * type.BYTES_PER_ELEMENT;
  if (file.length - end !== expected) {
    throw new Error(
      `an array of ${shape.join(' × ') || '1'} values of ${type.BYTES_PER_ELEMENT} bytes needs ${expected} bytes, ${file.length - end} follow the header`,
    );
  }
  const data = new Uint8Array(expected);
  data.set(file.subarray(end));
  if (swapped) swapBytes(data, type.BYTES_PER_ELEMENT);
  const values = new type(data.buffer);
  return { shape, values: fortran ? rowMajor(values, shape) : values };
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
  const type = Object.hasOwn(TYPES, descr[2]!) ? TYPES[descr[2]!] : undefined;
  if (type === undefined) {
    throw new Error(
      `its values are of type '${descr[1]}${descr[2]}'; expected integers of 1 to 8 bytes or floats of 4 or 8`,
    );
  }
  const shape = sizes[1]!
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (!shape.every(Number.isSafeInteger)) throw new Error('its shape is no list of sizes');
  if (shape.length > MOST_DIMENSIONS) {
    throw new Error(`it has ${shape.length} dimensions; at most ${MOST_DIMENSIONS} are read`);
  }
  return { type, swapped: descr[1] === '>', fortran: order[1] === 'True', shape };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    bytes.subarray(start, start + size).reverse();
  }
}

/** Column-major values (first index fastest) in row-major order. */
function rowMajor(values: NumberArray, shape: readonly number[]): NumberArray {
  const result = values.slice();
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
  const descr = Object.entries(TYPES).find(
    ([name, type]) => name !== 'b1' && values instanceof type,
  )![0];
  const mark = descr.endsWith('1') ? '|' : '<';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${mark}${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The values begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  MAGIC.copy(header);
  header[6] = 1;
  header[7] = 0;
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header[header.length - 1] = 0x0a;
  return Buffer.concat([header, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
