import { z } from 'zod';
import { matchingAugmentation } from '../augment/schema.js';
import { choice, flag, integer, mapping, number, text, variants } from '../core/fields.js';
import { optimizer, schedule } from '../nn/schema.js';
import { spaces } from './space.js';
import { mixFilters, noiseDistributions } from './synthetic.js';

const factor = integer({ from: 1, to: 64 });

/** How many training images a stored one is decoded into. */
export const formation = variants(
  'mode',
  ['single', 'multi', 'bound'],
  [
    mapping({ mode: z.literal('single'), factor }),
    mapping({ mode: z.literal('multi'), factor }),
    mapping({ mode: z.literal('bound'), factor, budget: integer({ from: 1, to: 1_000_000 }) }),
  ],
);

/** What the images are before the first iteration. */
export const initialization = variants(
  'kind',
  ['mix', 'random', 'noise', 'load'],
  [
    mapping({ kind: z.literal('mix'), filter: choice(mixFilters).default('nearest') }),
    mapping({ kind: z.literal('random') }),
    mapping({
      kind: z.literal('noise'),
      distribution: choice(noiseDistributions).default('uniform'),
    }),
    mapping({ kind: z.literal('load'), path: text('the path of a .safetensors or .pt file') }),
  ],
);

const fineTuningFields = {
  weight: number({ above: 0, to: 1e9 }).default(1),
  within: z.exactOptional(integer({ from: 0, to: 1000 })),
  augment: flag().default(true),
};

/** Whether the images also descend their cross-entropy under trained networks. */
export const fineTuning = variants(
  'kind',
  ['none', 'joint', 'step'],
  [
    mapping({ kind: z.literal('none') }),
    mapping({ kind: z.literal('joint'), ...fineTuningFields }),
    mapping({ kind: z.literal('step'), ...fineTuningFields }),
  ],
);

/** The options of every method. */
export const sharedFields = {
  imagesPerClass: integer({ from: 1, to: 10_000 }),
  formation,
  initialization,
  iterations: integer({ from: 1, to: 10_000_000 }),
};

/** The options of methods whose images descend a loss of augmented images. */
export const descentFields = {
  optimizer,
  schedule,
  augmentation: matchingAugmentation,
  onNonFinite: choice(['stop', 'skip']),
};

/** What a descent's steps are in. */
export const space = choice(spaces);
