import { methodNames, methodOf, usualMethod } from '../methods/registry.js';
import { importModules } from './imports.js';
import type { Problem } from './problems.js';
import { expandShorthand } from './shorthand.js';
import {
  type Entry,
  type Mapping,
  merge,
  type Node,
  nodeAt,
  nodeOf,
  type PlainMapping,
} from './tree.js';

/** What a configuration may say for a method other than its own, under `methods.<name>`. */
const sections = ['distill', 'pretrain'];

/**
 * Lays one layer of a configuration over another. One that names another method than those below it takes of them what
 * they say of it under `methods`, and of `distill` the images per class alone: the other options are of the earlier
 * method. So with those of `pretrain` of which the method has defaults of its own.
 */
export function mergeLayers(base: Mapping, over: Mapping): Mapping {
  const before = methodNamed(base) ?? usualMethod;
  const after = methodNamed(over) ?? before;
  const all = merge(base, over);
  const settings = nodeAt(all, ['methods', after]);
  if (after === before) {
    // Settings for a method are for whoever asks for it by its name.
    if (methodNamed(over) === undefined || settings === undefined) return all;
    return merge(merge(base, ownSettings(settings)), over);
  }
  importModules(all);
  const known = methodNames().includes(after) ? methodOf(after) : undefined;
  const entries = new Map(base.entries);
  keepOf(entries, 'distill', (key) => key === 'imagesPerClass');
  keepOf(entries, 'pretrain', (key) => known?.pretrain?.[key] === undefined);
  return merge(merge({ ...base, entries }, ownSettings(settings)), over);
}

function ownSettings(settings: Node | undefined): Mapping {
  return settings?.kind === 'mapping' ? expandShorthand(settings) : emptyMapping;
}

/** Leaves a section's entries with these keys. */
function keepOf(
  entries: Map<string, Entry>,
  section: string,
  isKept: (key: string) => boolean,
): void {
  const entry = entries.get(section);
  if (entry?.value.kind !== 'mapping') return;
  const kept = [...entry.value.entries].filter(([key]) => isKept(key));
  entries.set(section, { ...entry, value: { ...entry.value, entries: new Map(kept) } });
}

function methodNamed(layer: Mapping): string | undefined {
  const node = nodeAt(layer, ['distill', 'method']);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

const emptyMapping: Mapping = { kind: 'mapping', entries: new Map(), origin: undefined };

/** The defaults of the method that a configuration names; nothing when there is no such method. */
export function methodDefaults(root: Mapping): Mapping {
  const name = methodNamed(root) ?? usualMethod;
  if (!methodNames().includes(name)) return emptyMapping;
  const { defaults, pretrain } = methodOf(name);
  const layer = nodeOf({ distill: defaults, ...(pretrain && { pretrain }) } as PlainMapping);
  return expandShorthand(layer as Mapping);
}

/** What is wrong with the settings for other methods, as far as it can be told without using them. */
export function methodProblems(root: Mapping): Problem[] {
  const methods = root.entries.get('methods')?.value;
  if (methods === undefined) return [];
  if (methods.kind !== 'mapping') {
    return [{ path: ['methods'], text: `expected a mapping of the names of methods` }];
  }
  return [...methods.entries].flatMap(([name, { value }]): Problem[] => {
    const path = ['methods', name];
    if (!methodNames().includes(name)) {
      return [
        {
          path,
          text: `there is no such method; expected ${methodNames().join(', ')}`,
          mark: 'key',
        },
      ];
    }
    if (value.kind !== 'mapping')
      return [{ path, text: `expected a mapping of ${sections.join(', ')}` }];
    return [...value.entries.keys()]
      .filter((key) => !sections.includes(key))
      .map((key) => ({
        path: [...path, key],
        text: `unknown key; expected ${sections.join(', ')}`,
        mark: 'key',
      }));
  });
}
