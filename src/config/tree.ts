/** Where a piece of a configuration was written. */
export interface Origin {
  /** For messages: `my.yaml:3:5` or `--set distill.alpha=2`. */
  readonly label: string;
  /** The folder that relative paths written there start from; absolute. */
  readonly directory: string;
}

/** A path of keys and list positions from the root. */
export type KeyPath = readonly (string | number)[];

/**
 * A configuration on its way to being validated: values that know where they were written, so that an error found
 * after merging several files still names the right line. The built-in defaults have no origin.
 */
export type Node = Scalar | List | Mapping;

export interface Scalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly origin: Origin | undefined;
  /** How a number was written, where it is written otherwise in messages: `1e400`, `0o10`. */
  readonly written?: string;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly origin: Origin | undefined;
}

export interface Mapping {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly origin: Origin | undefined;
}

export interface Entry {
  readonly key: Origin | undefined;
  readonly value: Node;
}

/** Plain data, as from JSON. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainMapping;
export interface PlainMapping {
  readonly [key: string]: Plain;
}

/** The node of some plain data, all of one origin. */
export function nodeOf(value: Plain, origin?: Origin): Node {
  if (isPlainList(value)) {
    return { kind: 'list', items: value.map((item) => nodeOf(item, origin)), origin };
  }
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', value, origin };
  const entries = Object.entries(value).map(
    ([key, item]) => [key, { key: origin, value: nodeOf(item, origin) }] as const,
  );
  return { kind: 'mapping', entries: new Map(entries), origin };
}

function isPlainList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

/** A node's value without the origins. */
export function plainOf(node: Node): Plain {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plainOf);
    case 'mapping':
      // Unlike an assignment, `fromEntries` makes an ordinary property of any key, `__proto__` too.
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plainOf(value)]));
  }
}

export function nodeAt(root: Node, path: KeyPath): Node | undefined {
  let node: Node | undefined = root;
  for (const step of path) {
    if (node?.kind === 'mapping') node = node.entries.get(String(step))?.value;
    else node = node?.kind === 'list' ? node.items[Number(step)] : undefined;
  }
  return node;
}

/** What a value looks like in a message: one short line. */
export function describe(node: Node): string {
  if (node.kind === 'list') return `a list of ${node.items.length}`;
  if (node.kind === 'mapping') {
    const keys = [...node.entries.keys()].join(', ');
    return keys === '' ? 'a mapping without keys' : shorten(`a mapping of ${keys}`);
  }
  if (node.value === null) return 'no value';
  if (typeof node.value === 'string') return `'${shorten(node.value)}'`;
  const { written } = node;
  return written === undefined ? String(node.value) : `${node.value} (written ${shorten(written)})`;
}

/** Text on one line of at most `most` characters. */
export function shorten(text: string, most = 60): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 3)}...` : line;
}

/** A copy of the mapping in which the value at a path is what `change` makes of it; itself when there is none. */
export function changeAt(root: Mapping, path: KeyPath, change: (node: Node) => Node): Mapping {
  const [first, ...rest] = path;
  const entry = root.entries.get(String(first));
  if (entry === undefined) return root;
  const { value } = entry;
  if (rest.length > 0 && value.kind !== 'mapping') return root;
  const changed =
    rest.length > 0 && value.kind === 'mapping' ? changeAt(value, rest, change) : change(value);
  return {
    ...root,
    entries: new Map(root.entries).set(String(first), { ...entry, value: changed }),
  };
}

/**
 * The closest place to a path that the user wrote. A value that exists is at its own place, or at its key for
 * `mark: 'key'`; what is missing is at the key that should hold it.
 */
export function originOf(root: Node, path: KeyPath, mark: 'key' | 'value' = 'value') {
  let node: Node | undefined = root;
  let nearest = root.origin;
  for (const [depth, step] of path.entries()) {
    let key: Origin | undefined;
    if (node.kind === 'mapping') {
      const entry: Entry | undefined = node.entries.get(String(step));
      key = entry?.key;
      node = entry?.value;
    } else node = node.kind === 'list' ? node.items[Number(step)] : undefined;
    if (node === undefined) return nearest;
    const isTarget = depth === path.length - 1 && mark === 'value';
    nearest = (isTarget ? node.origin : key) ?? key ?? node.origin ?? nearest;
  }
  return nearest;
}

/** Keys that say which form a mapping has. */
const discriminators = ['kind', 'strategy', 'mode', 'name'];

/** The form of a mapping that may have several, `strategy plain`; undefined for other nodes. */
export function formOf(node: Node | undefined): string | undefined {
  if (node?.kind !== 'mapping') return undefined;
  const key = ['kind', 'strategy', 'mode'].find((name) => scalarAt(node, name) !== undefined);
  return key && `${key} ${scalarAt(node, key)}`;
}

/** Keys that exclude each other. */
const alternatives: readonly (readonly string[])[] = [
  ['steps', 'epochs'],
  ['name', 'path'],
];

/**
 * Lays one mapping over another: mappings are merged key by key, anything else is replaced. A mapping that turns into
 * another form (its kind, strategy, mode or name changes, or steps become epochs, or a name a path) is replaced whole, because the keys
 * of the earlier form mean nothing to it. A key without a value leaves a mapping as it is.
 */
export function merge(base: Mapping, over: Mapping): Mapping {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const earlier = entries.get(key);
    if (earlier?.value.kind !== 'mapping') entries.set(key, entry);
    else entries.set(key, { ...entry, value: mergeInto(earlier.value, entry.value) });
  }
  return { kind: 'mapping', entries, origin: over.origin ?? base.origin };
}

function mergeInto(base: Mapping, over: Node): Node {
  if (over.kind === 'scalar' && over.value === null) return base;
  return over.kind === 'mapping' && !changesForm(base, over) ? merge(base, over) : over;
}

function changesForm(base: Mapping, over: Mapping): boolean {
  const changed = discriminators.some((key) => {
    const [before, after] = [scalarAt(base, key), scalarAt(over, key)];
    return before !== undefined && after !== undefined && before !== after;
  });
  const swapped = alternatives.some((keys) =>
    keys.some(
      (key) =>
        over.entries.has(key) && keys.some((other) => other !== key && base.entries.has(other)),
    ),
  );
  return changed || swapped;
}

function scalarAt(mapping: Mapping, key: string): Scalar['value'] | undefined {
  const node = mapping.entries.get(key)?.value;
  return node?.kind === 'scalar' ? node.value : undefined;
}
