import { z } from 'zod';
import {
  choice,
  integer,
  integerOrAutomatic,
  list,
  mapping,
  number,
  text,
} from '../../core/fields.js';
import { activations, normKinds, poolings } from '../../nn/index.js';
import { proxyNames } from '../search-options.js';
import { length } from './training.js';

const oneOrMore = <const T extends string>(words: readonly [T, ...T[]]) =>
  list(choice(words), `a list of ${words.join(', ')}`);

const space = mapping(
  {
    widths: list(integer({ from: 1, to: 8192 }), 'a list of widths'),
    depths: list(integer({ from: 1, to: 10 }), 'a list of depths'),
    norms: oneOrMore(normKinds),
    activations: oneOrMore(activations),
    poolings: oneOrMore(poolings),
  },
  "a mapping of keys, or the word 'small' or 'full'",
);

const sample = 'a number of architectures from 2, or all';

/** The `search` mapping. */
export const search = mapping({
  run: z.exactOptional(text("the path of a run's folder")),
  space,
  proxies: oneOrMore(proxyNames),
  length: length(integer({ from: 1, to: 1_000_000 })),
  seeds: integer({ from: 1, to: 1000 }),
  validation: number({ above: 0, below: 1 }),
  halving: mapping({ rounds: integer({ from: 1, to: 20 }), factor: integer({ from: 2, to: 100 }) }),
  sample: z.union([integer({ from: 2, to: 100_000 }), z.literal('all')], { error: sample }),
  reference: mapping({ epochs: number({ above: 0, to: 10_000 }) }),
  concurrency: integerOrAutomatic({ from: 1, to: 1024 }),
});
