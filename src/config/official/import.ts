import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { Document, isMap, isSeq, visit } from 'yaml';
import { nearest, UsageError } from '../../core/errors.js';
import { fileSource, parseMapping } from '../document.js';
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
    const { outcome, sets = {}, note } = translate(leaf, () => rule(value, all));
    Object.assign(settings, sets);
    for (const ours of Object.keys(sets)) origins.set(ours, leaf.origin);
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
  /** The place in the official file, and its key there. */
  readonly origin: Origin;
  readonly line: number;
  readonly column: number;
  readonly value: OfficialValue;
}

function translate({ origin, value }: Leaf, rule: () => Translation): Translation {
  try {
    return rule();
  } catch (error) {
    if (!(error instanceof UnknownValue)) throw error;
    throw new UsageError(`${origin.label}: ${error.message}, found ${String(value)}`);
  }
}

function readLeaves(path: string): Leaf[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  // The official code reads YAML 1.1.
  return leavesOf(parseMapping(text, { ...fileSource(path), version: '1.1' }), []);
}

function leavesOf(mapping: Mapping, sections: readonly string[]): Leaf[] {
  return [...mapping.entries].flatMap(([name, { key: place, value: node }]) => {
    const own = [...sections, name];
    if (node.kind === 'mapping') return leavesOf(node, own);
    const key = own.join('.');
    const origin = { label: `${place!.label}: ${key}`, directory: '' };
    if (node.kind === 'list' || node.value === null) {
      throw new UsageError(`${origin.label}: expected a number, a word, true or false`);
    }
    const [line, column] = place!.label.split(':').slice(-2).map(Number) as [number, number];
    return { key, name, origin, line, column, value: asRead(node.value) };
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
