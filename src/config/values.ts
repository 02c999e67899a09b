import type { z } from 'zod';
import { AugmentationDefinition, noAugmentation, noSiamese } from '../augment/index.js';
import { type OwnChoice, UsageError } from '../core/index.js';
import { optionNames } from '../methods/registry.js';
import { ModelDefinition, modelOf } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import { settingsSchema } from '../plan/schema/configuration.js';
import { readLayers } from './layers.js';
import { planOver } from './load.js';
import { keyText } from './problems.js';
import { expandShorthand } from './shorthand.js';
import { type KeyPath, type Mapping, type Node, nodeOf, type Origin } from './tree.js';

/** An augmentation as a value: a word, one of one's own (alone), or a mapping of strengths. */
export type AugmentationValue =
  | 'official'
  | 'dsa'
  | 'none'
  | OwnChoice
  | { readonly with: () => OwnChoice; readonly name: string };

/** A network as a value: a short name such as `resnet18`, one of one's own, or a mapping of its options. */
export type ModelValue =
  | string
  | OwnChoice
  | { readonly with: () => OwnChoice; readonly name: string }
  | z.input<typeof settingsSchema>['model'];

/** Some of a configuration's settings, as values: those left out are the defaults', at every depth. */
export type Given<T> = T extends string | number | boolean | null | undefined | readonly unknown[]
  ? T
  : T extends object
    ? {
        readonly [Key in keyof T]?:
          | (Key extends 'model' | 'student'
              ? ModelValue
              : Key extends 'augmentation'
                ? Given<T[Key]> | AugmentationValue
                : Key extends 'fineTuning'
                  ? Given<T[Key]> | 'none' | 'joint' | 'step'
                  : Given<T[Key]>)
          | undefined;
      }
    : T;

/** The settings of a configuration as values; what a YAML file says of `dataset` is the data itself here. */
export type Settings = Given<z.input<typeof settingsSchema>>;

/**
 * Resolves settings that are given as values, over a preset or file where one is named, over the defaults: to the plan
 * that the same settings in YAML resolve to.
 *
 * @param base the name of a preset, or the path of a YAML file
 * @throws UsageError that lists every problem, each with its key, what was expected and what was found
 */
export function resolveSettings(
  settings: Settings,
  { name, base }: { readonly name: string; readonly base?: string | undefined },
): Plan {
  const values = expandShorthand(mappingOf(settings));
  const root = base === undefined ? emptyMapping : readLayers(base).root;
  return planOver({ usualName: name, root }, values, settingsSchema).plan;
}

/** The names of all settings: of each section, or of a plain setting none. */
export function settingNames(): Record<string, readonly string[]> {
  const sections = Object.entries(settingsSchema.shape);
  return Object.fromEntries(
    sections.map(([name, schema]) => [name, name === 'distill' ? optionNames() : keysOf(schema)]),
  );
}

function keysOf(schema: object): string[] {
  if ('shape' in schema) return Object.keys(schema.shape as object);
  if (!('options' in schema)) return [];
  // Those of a choice between words have no keys.
  const options = (schema.options as unknown[]).filter((option) => typeof option === 'object');
  return (options as object[]).flatMap(keysOf);
}

/** Of values: their place is not told, nor that of what they are laid over. */
const origin: Origin = { label: '', directory: '' };

const emptyMapping: Mapping = { kind: 'mapping', entries: new Map(), origin };

function mappingOf(settings: Settings): Mapping {
  const node = nodeOfValue(settings, []);
  if (node?.kind === 'mapping') return node;
  throw new UsageError('expected an object of options');
}

/** Far deeper than options are; stops objects that hold themselves. */
const mostNesting = 30;

function nodeOfValue(value: unknown, path: KeyPath): Node | undefined {
  if (value === undefined) return undefined;
  const special = specialValue(value, path);
  if (special !== undefined) return special;
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) {
    return nodeOf(value as string | number | boolean | null, origin);
  }
  if (path.length > mostNesting) throw unusable(path, 'an object that is nested too deeply');
  if (Array.isArray(value)) {
    const items = value.map((item, index) => nodeOfValue(item, [...path, index]));
    const hole = items.indexOf(undefined);
    if (hole >= 0) throw unusable([...path, hole], 'no value');
    return { kind: 'list', items: items as Node[], origin };
  }
  const prototype = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) {
    throw unusable(
      path,
      typeof value === 'object' ? `a ${value.constructor?.name}` : `a ${typeof value}`,
    );
  }
  const entries = Object.entries(value as object).flatMap(([key, item]) => {
    const node = nodeOfValue(item, [...path, key]);
    return node === undefined ? [] : [[key, { key: origin, value: node }] as const];
  });
  return { kind: 'mapping', entries: new Map(entries), origin };
}

/** What stands for a mapping in code alone: definitions, and short names of networks. */
function specialValue(value: unknown, path: KeyPath): Node | undefined {
  const key = path.at(-1);
  if (key === 'model' || key === 'student') {
    if (typeof value === 'string') return nodeOf({ ...modelOf(value) }, origin);
    if (value instanceof ModelDefinition) return nodeOf({ ...value.with() }, origin);
  }
  if (key === 'augmentation') {
    const own = value instanceof AugmentationDefinition ? value.with() : value;
    if (isChoice(own)) {
      const none = path[0] === 'distill' ? noSiamese : noAugmentation;
      return nodeOf({ ...none, own: { ...own } }, origin);
    }
  }
  return undefined;
}

function isChoice(value: unknown): value is OwnChoice {
  return typeof value === 'object' && value !== null && 'name' in value && 'version' in value;
}

function unusable(path: KeyPath, found: string): UsageError {
  return new UsageError(`${keyText(path)}: expected plain data, found ${found}`);
}
