import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { nearest, UsageError } from '../../core/errors.js';
import { loadTree } from '../load.js';
import { type Entry, type Mapping, type Node, nodeOf, type Origin, type Plain } from '../tree.js';
import { officialKeys } from './keys.js';
import { type OfficialValue, type Translation, UnknownValue } from './rules.js';

/** What became of one key of the official file. */
export interface ImportedKey {
  /** With its section: `condense.ipc`. */
  readonly key: string;
  readonly line: number;
  readonly column: number;
  readonly value: OfficialValue;
  readonly outcome: Translation['outcome'] | 'unknown';
  /** Our settings that come of it, `distill.imagesPerClass: 10`. */
  readonly settings: readonly string[];
  readonly note?: string;
}

export interface ImportedConfig {
  /** A configuration of ours, which loads as any other. */
  readonly yaml: string;
  readonly keys: readonly ImportedKey[];
}

/**
 * Translates a configuration of the official NCFM project into one of ours.
 *
 * @throws UsageError with file, line, column and key for a file that cannot be read, is not YAML of mappings and
 *   scalars, or has values that are not understood or that no configuration of ours may have.
 */
export function importOfficial(path: string): ImportedConfig {
  const leaves = readLeaves(path);
  const all = new Map(leaves.map(({ name, value }) => [name, value]));
  const settings: { [path: string]: Plain } = {};
  const origins = new Map<string, Origin>();
  const keys = leaves.map((leaf): ImportedKey => {
    const { key, name, line, column, value } = leaf;
    const rule = Object.hasOwn(officialKeys, name) ? officialKeys[name] : undefined;
    if (rule === undefined) {
      const near = nearest(name, Object.keys(officialKeys));
      const note = near ? `not known; did you mean '${near}'?` : 'not known';
      return { key, line, column, value, outcome: 'unknown', settings: [], note };
    }
    const { outcome, sets = {}, note } = translate(path, leaf, () => rule(value, all));
    Object.assign(settings, sets);
    for (const ours of Object.keys(sets)) origins.set(ours, originOf(path, leaf));
    const set = Object.entries(sets).map(([ours, own]) => `${ours}: ${JSON.stringify(own)}`);
    return { key, line, column, value, outcome, settings: set, ...(note && { note }) };
  });
  const root = rootOf(settings);
  loadTree('official', treeOf(root, origins, { label: `${path}:1:1`, directory: '' }));
  return { yaml: yamlOf(path, root), keys };
}

interface Leaf {
  readonly key: string;
  /** Without its section. */
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly value: OfficialValue;
}

/** For messages: the place in the official file, and its key there. */
function originOf(path: string, { line, column, key }: Leaf): Origin {
  return { label: `${path}:${line}:${column}: ${key}`, directory: '' };
}

function translate(path: string, leaf: Leaf, rule: () => Translation): Translation {
  try {
    return rule();
  } catch (error) {
    if (!(error instanceof UnknownValue)) throw error;
    const { label } = originOf(path, leaf);
    throw new UsageError(`${label}: ${error.message}, found ${String(leaf.value)}`);
  }
}

function readLeaves(path: string): Leaf[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const lines = new LineCounter();
  const document = parse(path, text, lines);
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new UsageError(
      `${path}:${line}:${col}: not valid YAML: ${error.message.split('\n')[0]!.replace(/:$/, '')}`,
    );
  }
  if (!isMap(document.contents)) {
    throw new UsageError(`${path}: expected a mapping of the official project's keys`);
  }
  return leavesOf(path, document.contents, [], lines);
}

/** The official code reads YAML 1.1, in which yes, no, on and off are true and false. */
function parse(path: string, text: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, { lineCounter, version: '1.1', prettyErrors: false });
  } catch (cause) {
    // The parser recurses, so endless nesting ends in a RangeError.
    throw new UsageError(`${path}: the YAML cannot be read (${(cause as Error).message})`, {
      cause,
    });
  }
}

function leavesOf(
  path: string,
  map: YAMLMap,
  sections: readonly string[],
  lines: LineCounter,
): Leaf[] {
  return map.items.flatMap(({ key, value }) => {
    const name = String(isScalar(key) ? key.value : key);
    const { line, col: column } = lines.linePos(isScalar(key) ? (key.range?.[0] ?? 0) : 0);
    if (isMap(value)) return leavesOf(path, value, [...sections, name], lines);
    const own = [...sections, name].join('.');
    if (isSeq(value) || isAlias(value) || !isScalar(value) || value.value === null) {
      throw new UsageError(
        `${path}:${line}:${column}: ${own}: expected a number, a word, true or false`,
      );
    }
    return { key: own, name, line, column, value: asRead(value.value as OfficialValue) };
  });
}

/** The official code takes texts such as 5e-4, which YAML 1.1 does not take for numbers, for numbers. */
function asRead(value: OfficialValue): OfficialValue {
  if (typeof value !== 'string') return value;
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
}

interface Settings {
  [key: string]: Plain;
}

function rootOf(settings: { readonly [path: string]: Plain }): Settings {
  const root: Settings = {};
  for (const [key, value] of Object.entries(settings)) place(root, key.split('.'), value);
  withKinds(root);
  return root;
}

/** The settings as a tree that knows which key of the official file each comes from. */
function treeOf(
  root: Settings,
  origins: ReadonlyMap<string, Origin>,
  nearest: Origin,
  path: readonly string[] = [],
): Mapping {
  const entries = Object.entries(root).map(([key, value]): [string, Entry] => {
    const own = [...path, key];
    const origin = origins.get(own.join('.')) ?? nearest;
    const node: Node = isMapping(value)
      ? treeOf(value, origins, origin, own)
      : nodeOf(value, origin);
    return [key, { key: origin, value: node }];
  });
  return { kind: 'mapping', entries: new Map(entries), origin: nearest };
}

function yamlOf(path: string, root: Settings): string {
  const document = new Document(root, { aliasDuplicateObjects: false });
  visit(document, {
    Map: (key, node) => {
      node.flow = key !== null && !node.items.some(({ value }) => isMap(value) || isSeq(value));
    },
  });
  const name = basename(path, extname(path));
  document.commentBefore = ` Imported from the official project's ${name}${extname(path)} by ncfm config import.`;
  return document.toString({ lineWidth: 0 });
}

function place(root: Settings, path: readonly string[], value: Plain): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    const known = root[first];
    const both = isMapping(known) && isMapping(value);
    root[first] = both ? { ...known, ...value } : value;
    return;
  }
  const known = root[first];
  const inner: Settings = isMapping(known) ? known : {};
  root[first] = inner;
  place(inner, rest, value);
}

/** Mappings that are told apart by a word get it first, and the official one where the file leaves it out. */
function withKinds(root: Settings): void {
  const usual: [path: readonly string[], word: string, value: string][] = [
    [['model'], 'name', 'convnet'],
    [['pretrain', 'optimizer'], 'kind', 'sgd'],
    [['evaluate', 'optimizer'], 'kind', 'adamw'],
    [['distill', 'formation'], 'mode', 'single'],
  ];
  for (const [path, word, value] of usual) {
    const parent = path
      .slice(0, -1)
      .reduce<unknown>((node, key) => (isMapping(node) ? node[key] : undefined), root);
    const last = path.at(-1)!;
    const form = isMapping(parent) ? parent[last] : undefined;
    if (isMapping(parent) && isMapping(form)) parent[last] = { [word]: value, ...form };
  }
}

function isMapping(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
