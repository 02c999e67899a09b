import { Global, unpickle } from '../../tensor/pickle.js';

const pixelsPerRow = 3 * 32 * 32;

/** NumPy's array while its pickle is being read. */
class Array2 {
  shape: readonly number[] = [];
  bytes: Uint8Array = new Uint8Array();
}

/** NumPy's element type; only unsigned bytes are known. */
class ByteType {}

/**
 * Images and labels of one of CIFAR's Python files: a dictionary with `data`, an array of [n, 3072] bytes, and a list of
 * labels. Nothing in it is run: only NumPy's arrays of bytes and plain containers are understood.
 *
 * @param key under which the labels are
 * @throws Error saying what is wrong.
 */
export function parseCifarPickle(bytes: Buffer, key: string) {
  const entries = dictionary(bytes);
  const data = entries.get('data');
  const labels = entries.get(key);
  if (!(data instanceof Array2) || data.shape.length !== 2 || data.shape[1] !== pixelsPerRow) {
    throw new Error(`'data' is not an array of n × ${pixelsPerRow} bytes`);
  }
  const numbered = Array.isArray(labels) && labels.every((label) => typeof label === 'number');
  if (!numbered || labels.length !== data.shape[0]) {
    throw new Error(`'${key}' is not a list of ${data.shape[0]} labels, one for each image`);
  }
  return { labels, pixels: data.bytes };
}

/**
 * The list of texts under a key of one of CIFAR's Python files.
 *
 * @throws Error saying what is wrong.
 */
export function parseNames(bytes: Buffer, key: string): string[] {
  const names = dictionary(bytes).get(key);
  if (!Array.isArray(names)) throw new Error(`'${key}' is not a list of names`);
  return names.map((name) => {
    if (typeof name === 'string') return name;
    if (name instanceof Uint8Array) return Buffer.from(name).toString('utf8');
    throw new Error(`'${key}' is not a list of names`);
  });
}

function dictionary(bytes: Buffer): Map<string, unknown> {
  const value = unpickle(bytes, {
    call,
    persistent: () => {
      throw new Error('its pickle refers to data outside of it');
    },
    build,
  });
  if (!(value instanceof Map)) throw new Error('it is no dictionary');
  // Keys are byte strings in Python 2's files.
  return new Map([...value].map(([key, item]) => [textOf(key), item]));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  throw new Error('it has something other than a text where a name is expected');
}

function call(name: string, parameters: readonly unknown[]): unknown {
  const [first] = parameters;
  switch (name) {
    case 'numpy.core.multiarray._reconstruct':
    case 'numpy._core.multiarray._reconstruct':
      if (first instanceof Global && first.name === 'numpy.ndarray') return new Array2();
      break;
    case 'numpy.dtype': {
      const type = textOf(first);
      if (type === 'u1') return new ByteType();
      throw new Error(`its array holds values of type '${type}', expected bytes (u1)`);
    }
    case '_codecs.encode':
      // How Python 3 writes bytes in the protocols of Python 2: as a text of the same code points.
      if (typeof first === 'string' && parameters[1] === 'latin1') {
        return Buffer.from(first, 'latin1');
      }
      break;
  }
  throw new Error(`its pickle calls ${name}, which images and labels do not need`);
}

function build(object: unknown, state: unknown): void {
  if (object instanceof ByteType) return;
  // (version, shape, type, whether column-major, bytes)
  const [, shape, type, fortran, bytes] = Array.isArray(state) ? state : [];
  const sizes =
    Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (
    !(
      object instanceof Array2 &&
      sizes &&
      type instanceof ByteType &&
      bytes instanceof Uint8Array
    ) ||
    (fortran !== false && fortran !== 0)
  ) {
    throw new Error('its pickle describes an array in a way that is unknown here');
  }
  const expected = (shape as number[]).reduce((product, size) => product * size, 1);
  if (bytes.length !== expected) {
    throw new Error(`its array of ${shape.join(' × ')} bytes has ${bytes.length}`);
  }
  object.shape = shape as number[];
  object.bytes = bytes;
}
