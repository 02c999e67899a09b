import { describe, type Node } from './tree.js';

/** A key and a value with a colon that has no blank behind it, or with another sign: `steps:10`, `steps = 10`. */
const pairWritten = /^\s*([A-Za-z]\w*)\s*[:=]\s*(\S.*?)\s*$/s;

/** What `steps:10` or `steps = 10`, which YAML takes for one text, was to be; undefined for other texts. */
export function pairIn(text: string): { readonly key: string; readonly value: string } | undefined {
  const [, key, value] = pairWritten.exec(text) ?? [];
  return key !== undefined && value !== undefined ? { key, value } : undefined;
}

/** How a pair is to be written, as the end of a message; empty for a text that is none. */
export function pairHint(text: string, known?: readonly string[]): string {
  const pair = pairIn(text);
  if (pair === undefined || (known !== undefined && !known.includes(pair.key))) return '';
  return `; write '${pair.key}: ${pair.value}', with a blank after the colon`;
}

/**
 * What to write in place of a value that YAML reads otherwise than it was meant, as the end of a message; empty where
 * nothing is known.
 *
 * @param expected the words of the schema: 'an integer from 1 to 9', 'a list of …', 'true or false'…
 * @param text whether a text is expected
 */
export function valueHint(found: Node, expected: string, text: boolean): string {
  if (text) return quotesHint(found);
  if (found.kind !== 'scalar') return '';
  const { value } = found;
  if (expected === 'true or false') return truthHint(value);
  if (typeof value !== 'string') return '';
  if (/^an? (integer|number)/.test(expected)) return numberHint(value, expected);
  if (expected.startsWith('a list')) return `; a list is written [${listItems(value)}]`;
  if (expected.startsWith('a mapping')) {
    const pair = pairIn(value);
    if (pair === undefined) return '';
    const several = /\s\w+[:=]/.test(pair.value);
    return several
      ? '; each colon needs a blank behind it'
      : `; write { ${pair.key}: ${pair.value} }`;
  }
  return '';
}

function quotesHint(found: Node): string {
  if (found.kind !== 'scalar') return '; a text that looks so to YAML needs quotes';
  if (found.value === null || typeof found.value === 'string') return '';
  return `; as a text it is written in quotes: "${found.written ?? describe(found)}"`;
}

function truthHint(value: unknown): string {
  const plain = String(value).toLowerCase();
  if (['true', 'false'].includes(plain)) return '; leave the quotes out';
  if (['yes', 'on', 'y', '1'].includes(plain)) return '; write true';
  if (['no', 'off', 'n', '0'].includes(plain)) return '; write false';
  return '';
}

const plainNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberHint(text: string, expected: string): string {
  const trimmed = text.trim();
  if (plainNumber.test(trimmed)) return '; leave the quotes out';
  if (/^\d{1,3}([_,' ]\d{3})+$|^\d+(_\d+)+$/.test(trimmed)) {
    return `; write ${trimmed.replaceAll(/[_,' ]/g, '')}`;
  }
  if (!expected.startsWith('a number')) return '';
  if (/^\d+,\d+$/.test(trimmed)) return `; write ${trimmed.replace(',', '.')}`;
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(trimmed) ?? [];
  return percent === undefined ? '' : `; write ${Number(percent) / 100}`;
}

function listItems(text: string): string {
  return text
    .split(/[\s,;]+/)
    .filter((item) => item !== '')
    .join(', ');
}
