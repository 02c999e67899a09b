import { CST, Lexer } from 'yaml';
import { UsageError } from '../core/errors.js';
import { knownDatasets } from '../data/names.js';
import { parseValue } from './document.js';
import type { Problem } from './problems.js';
import { expandShorthand } from './shorthand.js';
import {
  type KeyPath,
  type Mapping,
  merge,
  type Node,
  nodeOf,
  type Origin,
  shorten,
} from './tree.js';

/** Settings given beside a configuration; they win over what it says. */
export interface PlanChanges {
  /** Assignments such as `distill.alpha=0.3` or `distill.matching={ strategy: plain, realPerClass: 16 }`. */
  readonly overrides?: readonly string[];
  readonly seed?: number;
  /** Distillations, each from a seed of its own. */
  readonly repeats?: number;
  readonly threads?: number | 'auto';
  readonly device?: string;
  /** A size such as '2GB', or 'auto'. */
  readonly memory?: string;
  readonly name?: string;
  /** The name of a dataset, or the path of one's own data. */
  readonly data?: string;
  /** Images per class. */
  readonly ipc?: number;
  /** The name of a method; see `mergeLayers` for what it takes of a configuration for another. */
  readonly method?: string;
}

/** The settings that the flags stand for. */
function settingsOf({ data, ipc, method, ...plain }: Omit<PlanChanges, 'overrides'>) {
  const named = data !== undefined && knownDatasets().includes(data);
  return [
    ...Object.entries(plain).map(([key, value]) => ({ flag: key, keys: [key], value })),
    { flag: 'data', keys: ['dataset', named ? 'name' : 'path'], value: data },
    { flag: 'ipc', keys: ['distill', 'imagesPerClass'], value: ipc },
    { flag: 'method', keys: ['distill', 'method'], value: method },
  ];
}

/**
 * The overrides as one layer of a configuration; later assignments win over earlier ones.
 * @throws UsageError naming the `--set` that cannot be read.
 */
export function overrideLayer({ overrides = [], ...flags }: PlanChanges): Mapping {
  const directory = process.cwd();
  let layer: Mapping = { kind: 'mapping', entries: new Map(), origin: undefined };
  for (const assignment of overrides) {
    // Before the next one, which may change single keys of what a word stands for.
    layer = merge(layer, expandShorthand(readAssignment(assignment, directory)));
  }
  for (const { flag, keys, value } of settingsOf(flags)) {
    if (value === undefined) continue;
    const origin = { label: `--${flag}`, directory };
    layer = merge(layer, nest(keys, nodeOf(value, origin), origin));
  }
  return { ...expandShorthand(layer), origin: undefined };
}

/** Overrides that would do nothing: null in place of a mapping leaves it as it is. */
export function idleOverrides(root: Node, over: Node, path: KeyPath = []): Problem[] {
  if (over.kind === 'scalar') {
    const idle = over.value === null && root.kind === 'mapping';
    return idle ? [{ path, text: 'null leaves its settings as they are; give one of them' }] : [];
  }
  if (over.kind !== 'mapping' || root.kind !== 'mapping') return [];
  return [...over.entries].flatMap(([key, { value }]) => {
    const below = root.entries.get(key)?.value;
    return below === undefined ? [] : idleOverrides(below, value, [...path, key]);
  });
}

function readAssignment(assignment: string, directory: string): Mapping {
  const origin = { label: `--set ${shorten(assignment, 80)}`, directory };
  const split = assignment.indexOf('=');
  const keys = assignment.slice(0, split).trim().split('.');
  if (split < 0 || keys.some((key) => !/^\w+$/.test(key))) {
    const [, list] = /^([\w.]+)\[\d+\]/.exec(assignment) ?? [];
    throw new UsageError(
      list === undefined
        ? `${origin.label}: expected key=value, for example --set distill.iterations=50`
        : `${origin.label}: a list is set as a whole: --set '${list}=[…]'`,
    );
  }
  const unknown = keys.find((key) => key === '__proto__');
  if (unknown !== undefined) throw new UsageError(`${origin.label}: ${unknown}: unknown key`);
  return nest(keys, readValue(assignment.slice(split + 1), origin), origin);
}

function readValue(text: string, origin: Origin): Node {
  if (text.trim() === '') {
    throw new UsageError(`${origin.label}: there is no value after '='; for none, write null`);
  }
  const comment = commentIn(text);
  if (comment !== undefined) {
    throw new UsageError(
      `${origin.label}: '${shorten(comment)}' would be a comment, which YAML leaves out; put the value in quotes if it belongs to it`,
    );
  }
  return parseValue(text, { ...origin, positions: false });
}

/** The first comment of a YAML text. */
function commentIn(text: string): string | undefined {
  let earlier = '';
  for (const lexeme of new Lexer().lex(text)) {
    // The lexer puts a sign before a text, which may begin so.
    if (lexeme.startsWith('#') && earlier !== CST.SCALAR) return lexeme;
    earlier = lexeme;
  }
  return undefined;
}

function nest(keys: readonly string[], value: Node, origin: Origin): Mapping {
  const [first = '', ...rest] = keys;
  const inner = rest.length > 0 ? nest(rest, value, origin) : value;
  return { kind: 'mapping', entries: new Map([[first, { key: origin, value: inner }]]), origin };
}
