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
import { nearest, UsageError } from '../../tensor/errors.js';
import { type OfficialValue, officialKeys, type Translation, UnknownValue } from './keys.js';

/** What became of one key of the official file. */
export interface ImportedKey {
  /** With its section: `condense.ipc`. */
  readonly key: string;
  readonly line: number;
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
 * @throws UsageError with file, line and key for a file that cannot be read, is not YAML of mappings and scalars, or
 *   has values that are not understood.
 */
export function importOfficial(path: string): ImportedConfig {
  const leaves = readLeaves(path);
  const all = new Map(leaves.map(({ name, value }) => [name, value]));
  const settings: { [path: string]: unknown } = {};
  const keys = leaves.map((leaf): ImportedKey => {
    const { key, name, line, value } = leaf;
    const rule = Object.hasOwn(officialKeys, name) ? officialKeys[name] : undefined;
    if (rule === undefined) {
      const near = nearest(name, Object.keys(officialKeys));
      const note = near ? `not known; did you mean '${near}'?` : 'not known';
      return { key, line, value, outcome: 'unknown', settings: [], note };
    }
    const { outcome, sets = {}, note } = translate(path, leaf, () => rule(value, all));
    Object.assign(settings, sets);
    const set = Object.entries(sets).map(([ours, own]) => `${ours}: ${JSON.stringify(own)}`);
    return { key, line, value, outcome, settings: set, ...(note !== undefined && { note }) };
  });
  return { yaml: yamlOf(path, settings), keys };
}

interface Leaf {
  readonly key: string;
  /** Without its section. */
  readonly name: string;
  readonly line: number;
  readonly value: OfficialValue;
}

function translate(path: string, { key, line, value }: Leaf, rule: () => Translation): Translation {
  try {
    return rule();
  } catch (error) {
    if (!(error instanceof UnknownValue)) throw error;
    throw new UsageError(`${path}:${line}: ${key}: ${error.message}, found ${String(value)}`);
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
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new UsageError(
      `${path}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`,
    );
  }
  if (!isMap(document.contents)) {
    throw new UsageError(`${path}: expected a mapping of the official project's keys`);
  }
  return leavesOf(path, document.contents, [], lines);
}

function leavesOf(
  path: string,
  map: YAMLMap,
  sections: readonly string[],
  lines: LineCounter,
): Leaf[] {
  return map.items.flatMap(({ key, value }) => {
    const name = String(isScalar(key) ? key.value : key);
    const line = lines.linePos(isScalar(key) ? (key.range?.[0] ?? 0) : 0).line;
    if (isMap(value)) return leavesOf(path, value, [...sections, name], lines);
    const own = [...sections, name].join('.');
    if (isSeq(value) || isAlias(value) || !isScalar(value) || value.value === null) {
      throw new UsageError(`${path}:${line}: ${own}: expected a number, a word, true or false`);
    }
    return { key: own, name, line, value: asRead(value.value as OfficialValue) };
  });
}

/** The official code takes texts such as 5e-4, which YAML 1.1 does not take for numbers, for numbers. */
function asRead(value: OfficialValue): OfficialValue {
  if (typeof value !== 'string') return value;
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
}

function yamlOf(path: string, settings: { readonly [path: string]: unknown }): string {
  const root: { [key: string]: unknown } = {};
  for (const [key, value] of Object.entries(settings)) place(root, key.split('.'), value);
  withKinds(root);
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

function place(root: { [key: string]: unknown }, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    const known = root[first];
    const both = isMapping(known) && isMapping(value);
    root[first] = both ? { ...known, ...value } : value;
    return;
  }
  if (!isMapping(root[first])) root[first] = {};
  place(root[first] as { [key: string]: unknown }, rest, value);
}

/** Mappings that are told apart by a word get it first, and the official one where the file leaves it out. */
function withKinds(root: { [key: string]: unknown }): void {
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
    if (!isMapping(parent) || !isMapping(parent[last])) continue;
    parent[last] = { [word]: value, ...parent[last] };
  }
}

function isMapping(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
