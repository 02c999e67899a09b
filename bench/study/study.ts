import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { parse } from 'yaml';
import { BenchError } from '../errors.js';

/** What is trained on: the distilled set, as many random real images, or the unoptimised start. */
export type Method = 'ncfm' | 'random' | 'start';

/** One row of a study's table. */
export interface Variant {
  readonly name: string;
  readonly method: Method;
  /** Settings that differ from the study's base, as for `--set`. */
  readonly set: readonly string[];
}

/** Settings compared on the same data, networks and protocol. */
export interface Study {
  readonly name: string;
  readonly title: string;
  /** A preset or a configuration file. */
  readonly base: string;
  /** Settings of all variants. */
  readonly set: readonly string[];
  /** Distillation seeds: each has its own networks, frequencies and images. */
  readonly seeds: readonly number[];
  readonly variants: readonly Variant[];
}

/** Reads a study from a YAML file. Throws BenchError saying which key is wrong. */
export function readStudy(path: string): Study {
  const content = parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const fail = (what: string): never => {
    throw new BenchError(`${path}: ${what}`);
  };
  const { title, base, set = [], seeds, variants } = content;
  if (typeof title !== 'string' || typeof base !== 'string') fail('title and base are texts');
  if (!isListOf(set, 'string')) fail('set is a list of assignments, key=value');
  if (!isListOf(seeds, 'number') || seeds.length === 0) fail('seeds is a list of whole numbers');
  if (!Array.isArray(variants) || variants.length === 0) fail('variants is a list');
  return {
    name: basename(path, extname(path)),
    title: title as string,
    base: base as string,
    set: set as string[],
    seeds: seeds as number[],
    variants: (variants as Record<string, unknown>[]).map((variant, index) => {
      const { name, method = 'ncfm', set: own = [] } = variant;
      if (typeof name !== 'string') fail(`variants[${index}].name is a text`);
      if (!['ncfm', 'random', 'start'].includes(method as string)) {
        fail(`variants[${index}].method is ncfm, random or start`);
      }
      if (!isListOf(own, 'string')) fail(`variants[${index}].set is a list of assignments`);
      return { name: name as string, method: method as Method, set: own as string[] };
    }),
  };
}

function isListOf(value: unknown, type: 'string' | 'number'): value is unknown[] {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}
