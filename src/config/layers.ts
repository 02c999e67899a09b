import { readFileSync, realpathSync } from 'node:fs';
import { basename, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { nearest, UsageError } from '../core/errors.js';
import { fileSource, parseMapping } from './document.js';
import { mergeLayers, methodDefaults } from './method-layers.js';
import { presetNames, readDefaults, readPreset } from './presets.js';
import { expandShorthand } from './shorthand.js';
import { type Mapping, merge, type Node, type Origin } from './tree.js';

/** A configuration with everything it extends, over no defaults and not yet validated. */
export interface Layers {
  /** The run's name, unless the configuration names it: the preset's, or the file's without its extension. */
  readonly usualName: string;
  readonly root: Mapping;
}

/**
 * Reads a preset or a configuration file, laid over what it extends. A name belongs to the configuration that states it and
 * is not inherited.
 * @throws UsageError for an unknown preset, a file that cannot be read, a syntax error, or a circle of `extends`.
 */
export function readLayers(source: string): Layers {
  return { usualName: usualName(source), root: readChain(source, process.cwd(), undefined, []) };
}

/** A configuration over the defaults, and those of the method that it names. */
export function overDefaults(root: Mapping): Mapping {
  const source = { label: 'defaults', directory: '' };
  const defaults = withoutOrigins(expandShorthand(parseMapping(readDefaults(), source)));
  return merge(merge(defaults, methodDefaults(root)), root);
}

/** `from` is where an `extends` was written; undefined for what the user named. */
function readChain(
  source: string,
  directory: string,
  from: Origin | undefined,
  seen: readonly string[],
): Mapping {
  const place = from ? `${from.label}: extends: ` : '';
  const { identity, text, textSource } = locate(source, directory, place);
  if (seen.includes(identity)) {
    const circle = [...seen.slice(seen.indexOf(identity)), identity];
    throw new UsageError(
      `${place}configurations extend each other in a circle: ${circle.join(' -> ')}`,
    );
  }
  const own = expandShorthand(parseMapping(text, textSource));
  const entry = own.entries.get('extends');
  if (entry === undefined) return own;
  const { value } = entry;
  if (value.kind !== 'scalar' || typeof value.value !== 'string') {
    throw new UsageError(
      `${value.origin?.label}: extends: expected the name of a preset or the path of a file`,
    );
  }
  const base = readChain(value.value, textSource.directory, value.origin, [...seen, identity]);
  return mergeLayers(without(base, 'name'), without(own, 'extends'));
}

function locate(source: string, directory: string, place: string) {
  const names = presetNames();
  if (names.includes(source)) {
    const textSource = { label: `preset ${source}`, directory };
    return { identity: textSource.label, text: readPreset(source), textSource };
  }
  const path = resolve(directory, source);
  const text = readText(source, path, place, names);
  return { identity: realpathSync(path), text, textSource: fileSource(displayed(path)) };
}

function readText(source: string, path: string, place: string, presets: readonly string[]): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    if (code === 'EISDIR') {
      const file = join(source, 'config.yaml');
      throw new UsageError(`${place}${source} is a folder; name a file in it, such as ${file}`);
    }
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new UsageError(`${place}${source} cannot be read (${code})`, { cause });
    }
    throw new UsageError(`${place}${missing(source, presets)}`, { cause });
  }
}

function missing(source: string, presets: readonly string[]): string {
  if (/[\\/]|\.ya?ml$/.test(source)) return `there is no file ${source}`;
  const near = nearest(source, presets);
  const remedy = near ? `did you mean '${near}'?` : `the presets are ${presets.join(', ')}`;
  return `there is no preset or file named '${source}'; ${remedy}`;
}

/** A path as short as it can be said from here. */
function displayed(path: string): string {
  const near = relative('', path);
  return near.startsWith('..') || isAbsolute(near) ? path : near;
}

/** The name of a run, from what was named: a preset, or a file or folder. */
export function usualName(source: string): string {
  const stem = basename(source, extname(source)).replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return presetNames().includes(source) ? source : stem.replace(/^[._-]+/, '') || 'run';
}

/** The mapping but for one of its keys. */
export function without(mapping: Mapping, key: string): Mapping {
  const entries = new Map(mapping.entries);
  entries.delete(key);
  return { ...mapping, entries };
}

function withoutOrigins(mapping: Mapping): Mapping {
  const strip = (node: Node): Node => {
    if (node.kind === 'scalar') return { ...node, origin: undefined };
    if (node.kind === 'list') return { ...node, items: node.items.map(strip), origin: undefined };
    return withoutOrigins(node);
  };
  const entries = [...mapping.entries].map(
    ([key, { value }]) => [key, { key: undefined, value: strip(value) }] as const,
  );
  return { kind: 'mapping', entries: new Map(entries), origin: undefined };
}
