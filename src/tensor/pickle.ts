/**
 * Python's pickle format (protocols 2 to 4; PEP 307 and PEP 3154, `pickletools`), as far as files of tensors need it.
 * A pickle is a program for a stack machine; nothing it names is run here: globals stay names, and what calling one
 * gives is decided by the reader's `call`.
 */

/** A name in a Python module, such as `collections.OrderedDict`. */
export class Global {
  constructor(readonly name: string) {}
}

/** What to do where a pickle leaves plain data. */
export interface PickleHooks {
  /** The result of calling a global. Throws for those that are not allowed. */
  call(name: string, parameters: readonly unknown[]): unknown;
  /** The object behind a persistent id. */
  persistent(id: unknown): unknown;
  /** Gives an object that `call` made its state. Throws, as when this is left out, for what may have none. */
  build?(object: unknown, state: unknown): void;
}

const mark = Symbol('mark');

/**
 * Runs a pickle: lists and tuples become arrays, dictionaries Maps, byte strings (all of Python 2's strings are) Buffers
 * that are views of `bytes`. Throws Error for opcodes and attributes of classes
 * that plain data does not need, and for a damaged pickle.
 */
export function unpickle(bytes: Buffer, hooks: PickleHooks): unknown {
  const machine = new Machine(bytes, hooks);
  return machine.run();
}

class Machine {
  readonly #bytes: Buffer;
  readonly #hooks: PickleHooks;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #position = 0;

  constructor(bytes: Buffer, hooks: PickleHooks) {
    this.#bytes = bytes;
    this.#hooks = hooks;
  }

  run(): unknown {
    for (;;) {
      const at = this.#position;
      const opcode = String.fromCharCode(this.#take(1)[0]!);
      if (opcode === '.') return this.#pop();
      const action = actions[opcode];
      if (action === undefined) {
        const code = opcode.charCodeAt(0).toString(16);
        throw new Error(`its pickle has the unsupported opcode 0x${code} at byte ${at}`);
      }
      action(this);
    }
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(this.#position, this.#position + count);
    if (taken.length !== count) throw new Error('its pickle ends too early');
    this.#position += count;
    return taken;
  }

  unsigned(bytes: 1 | 2 | 4): number {
    return this.#take(bytes).readUIntLE(0, bytes);
  }

  signed(): number {
    return this.#take(4).readInt32LE();
  }

  double(): number {
    return this.#take(8).readDoubleBE();
  }

  /** Little-endian two's complement of `length` bytes. */
  long(length: number): number {
    const digits = [...this.#take(length)].reverse();
    let value = digits.reduce((number, byte) => number * 256n + BigInt(byte), 0n);
    if ((digits[0] ?? 0) >= 128) value -= 1n << BigInt(8 * length);
    if (!Number.isSafeInteger(Number(value))) throw new Error(`the integer ${value} is too large`);
    return Number(value);
  }

  skip(count: number): void {
    this.#take(count);
  }

  take(length: number): Buffer {
    return this.#take(length);
  }

  text(length: number): string {
    return this.#take(length).toString('utf8');
  }

  line(): string {
    const end = this.#bytes.indexOf('\n', this.#position);
    if (end < 0) throw new Error('its pickle ends too early');
    const line = this.text(end - this.#position);
    this.#position = end + 1;
    return line;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new Error('its pickle takes from an empty stack');
    return this.#stack.pop();
  }

  /** Everything above the last mark; the mark goes too. */
  #popToMark(): unknown[] {
    const start = this.#stack.lastIndexOf(mark);
    if (start < 0) throw new Error('its pickle lacks a mark');
    const items = this.#stack.splice(start);
    return items.slice(1);
  }

  tuple(length?: number): void {
    if (length === undefined) this.push(this.#popToMark());
    else this.push(Array.from({ length }, () => this.#pop()).reverse());
  }

  append(items: readonly unknown[] = this.#popToMark()): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) throw new Error('its pickle appends to something that is no list');
    for (const item of items) list.push(item);
  }

  appendOne(): void {
    this.append([this.#pop()]);
  }

  setItems(items: readonly unknown[] = this.#popToMark()): void {
    const dictionary = this.#stack.at(-1);
    if (!(dictionary instanceof Map)) {
      throw new Error('its pickle sets items of something that is no dictionary');
    }
    for (let index = 0; index + 1 < items.length; index += 2) {
      dictionary.set(items[index], items[index + 1]);
    }
  }

  setItem(): void {
    const value = this.#pop();
    this.setItems([this.#pop(), value]);
  }

  remember(key: number = this.#memo.size): void {
    this.#memo.set(key, this.#stack.at(-1));
  }

  recall(key: number): void {
    if (!this.#memo.has(key)) throw new Error(`its pickle recalls ${key}, which it never stored`);
    this.push(this.#memo.get(key));
  }

  global(): void {
    const [name, module] = [this.#pop(), this.#pop()];
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new Error('its pickle names something by what is no text');
    }
    this.push(new Global(`${module}.${name}`));
  }

  reduce(): void {
    const [parameters, callee] = [this.#pop(), this.#pop()];
    if (!(callee instanceof Global) || !Array.isArray(parameters)) {
      throw new Error('its pickle calls something that is no function');
    }
    this.push(this.#hooks.call(callee.name, parameters));
  }

  /** Sets an object's attributes. Those of a dictionary (a state dictionary's versions) are not data: dropped. */
  build(): void {
    const state = this.#pop();
    const object = this.#stack.at(-1);
    if (object instanceof Map) return;
    if (this.#hooks.build === undefined) {
      throw new Error('it holds an object of a class; only tensors and plain containers are read');
    }
    this.#hooks.build(object, state);
  }

  persistent(): void {
    this.push(this.#hooks.persistent(this.#pop()));
  }
}

const actions: Record<string, (machine: Machine) => void> = {
  '\x80': (machine) => machine.skip(1),
  '\x95': (machine) => machine.skip(8),
  '(': (machine) => machine.push(mark),
  N: (machine) => machine.push(null),
  '\x88': (machine) => machine.push(true),
  '\x89': (machine) => machine.push(false),
  J: (machine) => machine.push(machine.signed()),
  K: (machine) => machine.push(machine.unsigned(1)),
  M: (machine) => machine.push(machine.unsigned(2)),
  '\x8a': (machine) => machine.push(machine.long(machine.unsigned(1))),
  G: (machine) => machine.push(machine.double()),
  X: (machine) => machine.push(machine.text(machine.unsigned(4))),
  U: (machine) => machine.push(machine.take(machine.unsigned(1))),
  C: (machine) => machine.push(machine.take(machine.unsigned(1))),
  T: (machine) => machine.push(machine.take(machine.unsigned(4))),
  B: (machine) => machine.push(machine.take(machine.unsigned(4))),
  '\x8c': (machine) => machine.push(machine.text(machine.unsigned(1))),
  ']': (machine) => machine.push([]),
  a: (machine) => machine.appendOne(),
  e: (machine) => machine.append(),
  '}': (machine) => machine.push(new Map()),
  s: (machine) => machine.setItem(),
  u: (machine) => machine.setItems(),
  ')': (machine) => machine.push([]),
  t: (machine) => machine.tuple(),
  '\x85': (machine) => machine.tuple(1),
  '\x86': (machine) => machine.tuple(2),
  '\x87': (machine) => machine.tuple(3),
  q: (machine) => machine.remember(machine.unsigned(1)),
  r: (machine) => machine.remember(machine.unsigned(4)),
  '\x94': (machine) => machine.remember(),
  h: (machine) => machine.recall(machine.unsigned(1)),
  j: (machine) => machine.recall(machine.unsigned(4)),
  c: (machine) => machine.push(new Global(`${machine.line()}.${machine.line()}`)),
  '\x93': (machine) => machine.global(),
  R: (machine) => machine.reduce(),
  b: (machine) => machine.build(),
  Q: (machine) => machine.persistent(),
};

/** Builds a pickle of protocol 2, piece by piece. */
export class Pickler {
  readonly #parts: Buffer[] = [Buffer.from([0x80, 2])];

  opcode(code: string): this {
    this.#parts.push(Buffer.from(code, 'latin1'));
    return this;
  }

  global(module: string, name: string): this {
    return this.opcode(`c${module}\n${name}\n`);
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    const header = Buffer.from([0x58, 0, 0, 0, 0]);
    header.writeUInt32LE(bytes.length, 1);
    this.#parts.push(header, bytes);
    return this;
  }

  /** Safe integers become Python ints, other numbers floats. */
  number(value: number): this {
    const bytes = Buffer.alloc(10);
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      bytes.write('G');
      bytes.writeDoubleBE(value, 1);
      this.#parts.push(bytes.subarray(0, 9));
    } else if (Math.abs(value) < 2 ** 31) {
      bytes.write('J');
      bytes.writeInt32LE(value, 1);
      this.#parts.push(bytes.subarray(0, 5));
    } else {
      bytes.set([0x8a, 8]);
      bytes.writeBigInt64LE(BigInt(value), 2);
      this.#parts.push(bytes);
    }
    return this;
  }

  finish(): Buffer {
    return Buffer.concat([...this.#parts, Buffer.from('.')]);
  }
}
