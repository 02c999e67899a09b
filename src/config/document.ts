import { dirname, resolve } from 'node:path';
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { UsageError } from '../core/errors.js';
import { pairHint, pairIn } from './hints.js';
import { describe, type Entry, type Mapping, type Node, type Origin } from './tree.js';

export interface TextSource {
  /** What the text is called in messages: a path, or `preset digits`. */
  readonly label: string;
  /** The folder that relative paths in it start from; absolute. */
  readonly directory: string;
  /** False for a text of one line, whose positions would tell nothing. */
  readonly positions?: boolean;
  /** `1.1`: yes, no, on and off are true and false. Default: 1.2. */
  readonly version?: '1.1';
}

/** Far more than a configuration needs; they stop aliases that multiply and nesting without end. */
const mostNodes = 10_000;
const mostNesting = 30;
const mostCharacters = 1_000_000;

/** One slip in YAML can break every line after it. */
const mostProblems = 5;

export function fileSource(path: string): TextSource {
  return { label: path, directory: dirname(resolve(path)) };
}

/**
 * Parses YAML that holds one mapping; an empty text is an empty mapping.
 * @throws UsageError that lists every problem with its line and column.
 */
export function parseMapping(text: string, source: TextSource): Mapping {
  const node = parseValue(text, source);
  if (node.kind === 'mapping') return node;
  if (node.kind === 'scalar' && node.value === null) {
    return { kind: 'mapping', entries: new Map(), origin: node.origin };
  }
  const hint = node.kind === 'scalar' ? pairHint(String(node.value)) : '';
  throw new UsageError(
    `${node.origin?.label}: expected a mapping of keys, found ${describe(node)}${hint}`,
  );
}

/**
 * Parses YAML of any form.
 * @throws UsageError that lists every problem with its line and column.
 */
export function parseValue(text: string, source: TextSource): Node {
  if (text.length > mostCharacters) {
    throw new UsageError(
      `${source.label}: too long for a configuration (${text.length} characters)`,
    );
  }
  const lines = new LineCounter();
  const document = parse(text, lines, source);
  const reader = new Reader(document, lines, source);
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    const messages = new Set(problems.map((problem) => reader.explain(problem, text)));
    throw new UsageError([...messages].slice(0, mostProblems).join('\n'));
  }
  return reader.read(document.contents, 0);
}

function parse(text: string, lineCounter: LineCounter, { label, version }: TextSource) {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, ...(version && { version }) });
  } catch (cause) {
    // The parser recurses, so endless nesting ends in a RangeError.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${label}: the YAML cannot be read (${reason})`, { cause });
  }
}

class Reader {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #source: TextSource;
  #nodes = 0;

  constructor(document: Document.Parsed, lines: LineCounter, source: TextSource) {
    this.#document = document;
    this.#lines = lines;
    this.#source = source;
  }

  explain({ code, message, pos }: YAMLError, text: string): string {
    const place = this.#origin(pos[0]).label;
    if (code !== 'DUPLICATE_KEY') {
      return `${place}: not valid YAML: ${messageOf(message)}${this.#remedy(code, text, pos[0])}`;
    }
    const key = /^[^\s:]+/.exec(text.slice(pos[0]))?.[0] ?? '';
    return `${place}: ${key}: this key is given twice in one mapping`;
  }

  #remedy(code: YAMLError['code'], text: string, offset: number): string {
    if (this.#source.positions === false) return /^\s*[[{"']/.test(text) ? '' : asTextHint;
    // A line without a pair where one must be.
    const lacking = code === 'MISSING_CHAR' || code === 'MULTILINE_IMPLICIT_KEY';
    return lacking ? pairHint(text.slice(offset).split('\n', 1)[0]!) : '';
  }

  read(value: unknown, depth: number, at?: Origin): Node {
    const origin = at ?? this.#origin(rangeStart(value));
    this.#nodes += 1;
    if (this.#nodes > mostNodes || depth > mostNesting) {
      throw new UsageError(`${origin.label}: too many or too deeply nested values (or aliases)`);
    }
    if (isAlias(value)) return this.read(this.#resolve(value, origin), depth + 1, origin);
    if (isMap(value)) {
      const entries = value.items.map(
        (pair) =>
          (value.flow === true && this.#unspaced(pair.key, pair.value)) ||
          this.#entry(pair.key, pair.value, depth, at),
      );
      return { kind: 'mapping', entries: new Map(entries), origin };
    }
    if (isSeq(value)) {
      const items = value.items.map((item) => this.read(item, depth + 1, at));
      return { kind: 'list', items, origin };
    }
    const scalar = isScalar(value) ? value.value : null;
    if (scalar === null || ['string', 'number', 'boolean'].includes(typeof scalar)) {
      const written = isScalar(value) && typeof scalar === 'number' ? value.source : undefined;
      return {
        kind: 'scalar',
        value: scalar as string | number | boolean | null,
        origin,
        ...(written !== undefined && !/^[+-]?[\d.]{1,15}$/.test(written) && { written }),
      };
    }
    throw new UsageError(
      `${origin.label}: expected text, a number, true, false, a list or a mapping`,
    );
  }

  #entry(key: unknown, value: unknown, depth: number, at?: Origin): [string, Entry] {
    const origin = at ?? this.#origin(rangeStart(key));
    if (!isScalar(key) || typeof key.value !== 'string') {
      throw new UsageError(`${origin.label}: expected the name of a setting as the key`);
    }
    if (key.value === '__proto__') throw new UsageError(`${origin.label}: __proto__: unknown key`);
    // A key without a value has no node of its own.
    const node = this.read(value, depth + 1, at ?? (value === null ? origin : undefined));
    return [key.value, { key: origin, value: node }];
  }

  /**
   * `{ steps:10 }`, which YAML takes for the key 'steps:10' without a value. No setting's name has a colon, so that
   * only the pair can be meant. Undefined for any other entry.
   */
  #unspaced(key: unknown, value: unknown): [string, Entry] | undefined {
    if (value !== null || !isScalar(key) || key.type !== 'PLAIN') return undefined;
    const pair = typeof key.value === 'string' && key.value.includes(':') && pairIn(key.value);
    if (!pair || /^\w+\s*=/.test(String(key.value))) return undefined;
    const document = parseDocument(pair.value);
    if (document.errors.length > 0 || !isScalar(document.contents)) return undefined;
    const origin = this.#origin(rangeStart(key));
    return [pair.key, { key: origin, value: this.read(document.contents, 1, origin) }];
  }

  #resolve(alias: Alias, origin: Origin): unknown {
    const target = alias.resolve(this.#document);
    if (target === undefined) {
      throw new UsageError(
        `${origin.label}: the alias *${alias.source} has no anchor before it${asTextHint}`,
      );
    }
    return target;
  }

  #origin(offset: number): Origin {
    const { label, directory, positions = true } = this.#source;
    if (!positions) return { label, directory };
    const { line, col } = this.#lines.linePos(offset);
    return { label: `${label}:${Math.max(1, line)}:${Math.max(1, col)}`, directory };
  }
}

function rangeStart(value: unknown): number {
  const range = (value as { readonly range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? 0;
}

const asTextHint = '; if the value is a text, put it in quotes';

/** The library's message without what is said to programmers. */
function messageOf(message: string): string {
  return message.split('\n')[0]!.replace(/:$|; please use .*$/, '');
}
