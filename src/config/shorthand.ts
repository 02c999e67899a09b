import { resolve } from 'node:path';
import {
  defaultSiamese,
  dsaSiamese,
  dsaTraining,
  noAugmentation,
  noSiamese,
  officialTraining,
} from '../augment/index.js';
import { searchSpaces } from '../downstream/search/space.js';
import { namedProtocols } from '../evaluate/protocol.js';
import {
  changeAt,
  type KeyPath,
  type Mapping,
  type Node,
  nodeOf,
  type PlainMapping,
} from './tree.js';

const training = {
  official: { ...officialTraining },
  dsa: { ...dsaTraining },
  none: { ...noAugmentation },
};
const protocols: Readonly<Record<string, PlainMapping>> = Object.fromEntries(
  Object.entries(namedProtocols).map(([name, { augmentation, ...others }]) => [
    name,
    { ...others, augmentation: { ...augmentation } },
  ]),
);
const fineTuning = { none: { kind: 'none' }, joint: { kind: 'joint' }, step: { kind: 'step' } };
const extractors = { blend: { kind: 'blend' }, snapshots: { kind: 'snapshots' } };
const matching = {
  official: { ...defaultSiamese },
  dsa: { ...dsaSiamese },
  none: { ...noSiamese },
};

/** Words that stand for a whole mapping, by the setting's path. */
const words: readonly (readonly [KeyPath, Readonly<Record<string, PlainMapping>>])[] = [
  [['evaluate'], protocols],
  [['pretrain', 'augmentation'], training],
  [['distill', 'extractors'], extractors],
  [['distill', 'fineTuning'], fineTuning],
  [['distill', 'augmentation'], matching],
  [['distill', 'inner', 'augmentation'], training],
  [['evaluate', 'augmentation'], training],
  [['search', 'space'], searchSpaces],
];

/** Lists in which `distilled` was called after the only method that there was. */
const lists: readonly KeyPath[] = [
  ['search', 'proxies'],
  ['continual', 'memories'],
];

const paths: readonly KeyPath[] = [
  ['dataset', 'path'],
  ['dataset', 'root'],
  ['pretrain', 'pool'],
  ['evaluate', 'labels', 'teacher', 'path'],
  ['distill', 'initialization', 'path'],
  ['search', 'run'],
  ['imports'],
];

/**
 * Writes one layer of a configuration out: words that stand for a mapping become it, and relative paths start from the
 * folder of the file they are written in. Done before layers are merged, so that a later layer can change single keys.
 */
export function expandShorthand(layer: Mapping): Mapping {
  let result = layer;
  for (const [path, meanings] of words) {
    result = changeAt(result, path, (node) => meaningOf(node, meanings));
  }
  for (const path of lists) result = changeAt(result, path, withPresentNames);
  for (const path of paths) result = changeAt(result, path, absolute);
  return result;
}

function meaningOf(node: Node, meanings: Readonly<Record<string, PlainMapping>>): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const meaning = Object.hasOwn(meanings, node.value) ? meanings[node.value] : undefined;
  return meaning === undefined ? node : nodeOf(meaning, node.origin);
}

function withPresentNames(node: Node): Node {
  if (node.kind !== 'list') return node;
  const items = node.items.map((item) =>
    item.kind === 'scalar' && item.value === 'ncfm' ? { ...item, value: 'distilled' } : item,
  );
  return { ...node, items };
}

function absolute(node: Node): Node {
  if (node.kind === 'list') return { ...node, items: node.items.map(absolute) };
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '') return node;
  return { ...node, value: resolve(node.origin?.directory ?? '', node.value) };
}
