import { z } from 'zod';
import {
  choice,
  flag,
  integer,
  integerOrAutomatic,
  mapping,
  number,
  oneOf,
  text,
  variants,
} from '../../core/fields.js';
import { namedProtocols } from '../../evaluate/protocol.js';
import { model } from './model.js';
import { length, training } from './training.js';

const poolSize = 'a number of networks from 1 to 1000, or all';

const teacher = variants(
  'kind',
  ['pool', 'trained', 'file'],
  [
    mapping({
      kind: z.literal('pool'),
      networks: z
        .union([integer({ from: 1, to: 1000 }), z.literal('all')], { error: poolSize })
        .default('all'),
    }),
    mapping({
      kind: z.literal('trained'),
      networks: integer({ from: 1, to: 1000 }).default(1),
      length: length(number({ above: 0, to: 10_000 })),
      model: z.exactOptional(model),
    }),
    mapping({
      kind: z.literal('file'),
      path: text('the path of a .pt or .safetensors file'),
      model: z.exactOptional(model),
    }),
  ],
);

const softLabels = {
  teacher: teacher.default({ kind: 'pool', networks: 'all' }),
  temperature: number({ above: 0, to: 1000 }).default(1),
  correctToHard: flag().default(false),
  hardShare: number({ from: 0, to: 1 }).default(0),
};

const labels = variants(
  'mode',
  ['hard', 'static', 'on-the-fly'],
  [
    mapping({ mode: z.literal('hard') }),
    mapping({ mode: z.literal('static'), ...softLabels }),
    mapping({ mode: z.literal('on-the-fly'), ...softLabels }),
  ],
);

export const evaluate = mapping(
  {
    length: length(integer({ from: 1, to: 1_000_000 })),
    ...training,
    rate: choice(['given', 'set']),
    cutMix: number({ from: 0, to: 1 }),
    seeds: integer({ from: 1, to: 1000 }),
    concurrency: integerOrAutomatic({ from: 1, to: 1024 }),
    labels,
    curve: mapping({
      points: integer({ from: 0, to: 1000 }),
      trainingImages: integer({ from: 0, to: 1_000_000 }),
    }),
  },
  `a mapping of keys, or the word ${oneOf(Object.keys(namedProtocols))}`,
);

export const wholeData = mapping({
  epochs: number({ above: 0, to: 10_000 }),
  networks: integer({ from: 1, to: 1000 }),
});
