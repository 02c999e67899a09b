import { UsageError } from '../core/errors.js';
import { type DType, dtypeBytes } from './dtype.js';
import { readBytes, writeBytes } from './io.js';
import { op } from './operator.js';
import { Global, Pickler, unpickle } from './pickle.js';
import { scope } from './scope.js';
import { isShape, isSizes } from './shape.js';
import { fromBytes, Tensor } from './tensor.js';
import { readZip, writeZip } from './zip.js';

/** What a `.pt` file can hold: tensors, numbers, strings, booleans and null, in arrays and plain objects. */
export type Storable =
  | Tensor
  | number
  | string
  | boolean
  | null
  | readonly Storable[]
  | { readonly [key: string]: Storable };

const asStrided =
  op<[x: Tensor, size: readonly number[], stride: readonly number[], offset: number]>('as_strided');

/** PyTorch's names for flat arrays of each element type. */
const storageTypes: Record<DType, string> = {
  uint8: 'ByteStorage',
  int8: 'CharStorage',
  int16: 'ShortStorage',
  int32: 'IntStorage',
  int64: 'LongStorage',
  float16: 'HalfStorage',
  float32: 'FloatStorage',
  float64: 'DoubleStorage',
  bool: 'BoolStorage',
  bfloat16: 'BFloat16Storage',
};
const elementTypes = new Map(
  Object.entries(storageTypes).map(([dtype, name]) => [`torch.${name}`, dtype as DType]),
);

/**
 * Writes a value so that Python's `torch.load` reads it (tensors, lists, dictionaries, scalars), atomically. The
 * format is that of `torch.save` since PyTorch 1.6, with nothing in it that `weights_only=True` refuses.
 */
export function savePt(path: string, value: Storable): void {
  const pickler = new Pickler();
  const storages: Uint8Array[] = [];
  write(value, pickler, storages);
  const entries = new Map<string, Uint8Array>([
    ['archive/data.pkl', pickler.finish()],
    ['archive/byteorder', Buffer.from('little')],
    ...storages.map((bytes, key): [string, Uint8Array] => [`archive/data/${key}`, bytes]),
    ['archive/version', Buffer.from('3\n')],
  ]);
  writeBytes(path, writeZip(entries));
}

function write(value: Storable, pickler: Pickler, storages: Uint8Array[]): void {
  if (value === null) pickler.opcode('N');
  else if (typeof value === 'boolean') pickler.opcode(value ? '\x88' : '\x89');
  else if (typeof value === 'number') pickler.number(value);
  else if (typeof value === 'string') pickler.text(value);
  else if (value instanceof Tensor) writeTensor(value, pickler, storages);
  else if (Array.isArray(value)) {
    pickler.opcode('](');
    for (const item of value) write(item as Storable, pickler, storages);
    pickler.opcode('e');
  } else {
    pickler.opcode('}(');
    for (const [key, item] of Object.entries(value)) {
      write(item as Storable, pickler.text(key), storages);
    }
    pickler.opcode('u');
  }
}

function writeTensor(tensor: Tensor, pickler: Pickler, storages: Uint8Array[]): void {
  const { shape, dtype, length } = tensor;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const tuple = (items: readonly number[]): void => {
    pickler.opcode('(');
    for (const item of items) pickler.number(item);
    pickler.opcode('t');
  };
  pickler.global('torch._utils', '_rebuild_tensor_v2').opcode('((');
  pickler.text('storage').global('torch', storageTypes[dtype]).text(String(storages.length));
  pickler.text('cpu').number(length).opcode('tQ').number(0);
  tuple(shape);
  tuple(strides);
  pickler.opcode('\x89').global('collections', 'OrderedDict').opcode(')RtR');
  storages.push(tensor.toBytes());
}

/**
 * Reads a file written by Python's `torch.save` (since PyTorch 1.6) or by `savePt`; the tensors belong to the caller.
 * Only tensors, parameters and plain containers are rebuilt, tuples as arrays, dictionaries and state dictionaries as
 * objects; no code in the file is run. What a file holds may share storages and parts, but not come to many times its
 * size. Throws UsageError for anything else.
 */
export function loadPt(path: string): Storable {
  const bytes = readBytes(path);
  try {
    return scope(() => new Archive(readZip(bytes), bytes.length).read());
  } catch (cause) {
    throw new UsageError(
      `${path} could not be read as a PyTorch file of tensors and plain containers: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Containers within containers; a list may even hold itself. */
const deepestNesting = 200;

/** `visit` is called for every part; it throws when there are too many of them. */
function toStorable(value: unknown, visit: () => void, depth = 0): Storable {
  visit();
  if (depth > deepestNesting) throw new Error(`it is nested more than ${deepestNesting} deep`);
  if (Array.isArray(value)) return value.map((item) => toStorable(item, visit, depth + 1));
  if (value instanceof Map) {
    return Object.fromEntries(
      [...value].map(([key, item]) => {
        if (typeof key === 'string' || typeof key === 'number')
          return [key, toStorable(item, visit, depth + 1)];
        throw new Error('it has a dictionary whose keys are neither strings nor integers');
      }),
    );
  }
  if (value instanceof Global) throw new Error(`it holds ${value.name}`);
  if (value instanceof Uint8Array) throw new Error('it holds a byte string');
  if (value instanceof FlatArray) throw new Error('it holds a storage without a tensor');
  return value as Storable;
}

/** How many times its own size the tensors of a file may take: views of one storage become tensors of their own. */
const largestExpansion = 16;
/** Bytes that the tensors of any file may take. */
const alwaysAllowed = 1 << 20;

/** Gives a function that counts what is claimed, and throws the error once it exceeds `limit`. */
function allowance(limit: number, error: string): (claimed: number) => void {
  let left = limit;
  return (claimed) => {
    left -= claimed;
    if (left < 0) throw new Error(error);
  };
}

/** A stored array of elements that tensors are views of. */
class FlatArray {
  constructor(readonly elements: Tensor) {}
}

/** The records of a `.pt` file: the pickle `data.pkl` and the storages it refers to. */
class Archive {
  readonly #entries: ReadonlyMap<string, Buffer>;
  readonly #prefix: string;
  readonly #storages = new Map<string, FlatArray>();
  /** Takes the bytes of a tensor before it is made. */
  readonly #claim: (bytes: number) => void;

  constructor(entries: ReadonlyMap<string, Buffer>, fileSize: number) {
    this.#entries = entries;
    this.#claim = allowance(
      largestExpansion * fileSize + alwaysAllowed,
      `its tensors take more than ${largestExpansion} times the file's own size`,
    );
    const pickle = [...entries.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name));
    if (pickle === undefined) throw new Error("it has no record 'data.pkl'");
    this.#prefix = pickle.slice(0, -'data.pkl'.length);
    if (entries.get(`${this.#prefix}byteorder`)?.toString() === 'big') {
      throw new Error('it was written on a big-endian machine');
    }
  }

  read(): Storable {
    const pickle = this.#entries.get(`${this.#prefix}data.pkl`)!;
    const value = unpickle(pickle, {
      call: (name, parameters) => call(name, parameters, this.#claim),
      persistent: (id) => this.#storage(id),
    });
    // Every part takes a byte of the pickle, but for parts that are used again.
    const visited = allowance(
      largestExpansion * pickle.length,
      'it holds the same parts over and over, more often than can be read',
    );
    return toStorable(value, () => visited(1));
  }

  /** The array behind ('storage', type, key, device, number of elements). */
  #storage(id: unknown): FlatArray {
    const [kind, type, key, , count] = Array.isArray(id) ? id : [];
    const dtype = type instanceof Global ? elementTypes.get(type.name) : undefined;
    // Anything else may take forever to write out: lists that hold each other many times.
    if (typeof key !== 'string' || !isSizes([count])) {
      throw new Error('it refers to a storage in a way unknown here');
    }
    const known = this.#storages.get(key);
    if (known !== undefined) return known;
    const bytes = this.#entries.get(`${this.#prefix}data/${key}`);
    if (kind !== 'storage' || dtype === undefined || bytes === undefined) {
      throw new Error(`it refers to storage '${key}', which is missing or of a type unknown here`);
    }
    if (bytes.length !== count * dtypeBytes(dtype)) {
      throw new Error(`its storage '${key}' has ${bytes.length} bytes for ${count} ${dtype}`);
    }
    const array = new FlatArray(fromBytes(bytes, [count], dtype));
    this.#storages.set(key, array);
    return array;
  }
}

/** What the few functions that files of tensors call give. */
function call(
  name: string,
  parameters: readonly unknown[],
  claim: (bytes: number) => void,
): unknown {
  switch (name) {
    case 'torch._utils._rebuild_tensor_v2':
    case 'torch._utils._rebuild_tensor':
      return rebuildTensor(parameters, claim);
    case 'torch._utils._rebuild_parameter':
    case 'torch.jit._pickle.restore_type_tag':
      return parameters[0];
    case 'collections.OrderedDict':
      if (parameters.length === 0) return new Map();
      break;
  }
  throw new Error(`it calls ${name}, which is neither a tensor nor a plain container`);
}

function rebuildTensor(
  [storage, offset, size, stride]: readonly unknown[],
  claim: (bytes: number) => void,
): Tensor {
  if (!(storage instanceof FlatArray && isSizes([offset]) && isShape(size) && isSizes(stride))) {
    throw new Error('it describes a tensor in a way unknown here');
  }
  const last = size.reduce(
    (sum, length, axis) => sum + (length - 1) * stride[axis]!,
    offset as number,
  );
  const empty = size.includes(0);
  if (size.length !== stride.length || (!empty && !(last < storage.elements.length))) {
    throw new Error(
      `a tensor of shape [${size.join(', ')}] goes beyond its storage of ${storage.elements.length} elements`,
    );
  }
  claim(size.reduce((product, length) => product * length, dtypeBytes(storage.elements.dtype)));
  return asStrided(storage.elements, size, stride, empty ? 0 : (offset as number))
    .clone()
    .contiguous();
}
