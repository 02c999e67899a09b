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

export const search = mapping({
  /** Folder of a finished run whose distilled set is used; the search distils one when left out. */
  run: z.exactOptional(text("the path of a run's folder")),
  space,
  proxies: oneOrMore(proxyNames),
  /** How long each network is trained on a proxy; epochs count passes over the decoded distilled set, in full batches. */
  length: length(integer({ from: 1, to: 1_000_000 })),
  /** Networks trained per architecture and proxy, whose mean accuracy counts. */
  seeds: integer({ from: 1, to: 1000 }),
  /** Share of the training images held out to rank by, in (0, 1), unless the dataset's own `validation` is above 0. */
  validation: number({ above: 0, below: 1 }),
  halving: mapping({ rounds: integer({ from: 1, to: 20 }), factor: integer({ from: 2, to: 100 }) }),
  /** Random architectures that are trained on all real images as well. */
  sample: z.union([integer({ from: 2, to: 100_000 }), z.literal('all')], { error: sample }),
  /** How long those are, in passes over the real training images. */
  reference: mapping({ epochs: number({ above: 0, to: 10_000 }) }),
  /** Networks trained at once, each in a process of its own; `auto`: as many as there are threads. */
  concurrency: integerOrAutomatic({ from: 1, to: 1024 }),
});
