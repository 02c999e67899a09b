import { z } from 'zod';
import {
  choice,
  integer,
  list,
  mapping,
  number,
  positiveOrAutomatic,
  variants,
} from '../../core/fields.js';
import { decodedPerClass } from '../../distill/formation.js';
import { fineTuning } from '../../distill/schema.js';
import { optimizer, schedule } from '../../nn/schema.js';
import { methodSchema } from '../schema.js';
import type { NcfmOptions } from './options.js';
import { type SamplingObjective, samplingObjectives } from './sampling-objectives.js';

const realImages = integer({ from: 1, to: 65_536 });

const groupsText = 'a list of numbers of groups per class, or auto';

const matching = variants(
  'strategy',
  ['plain', 'stratified'],
  [
    mapping({ strategy: z.literal('plain'), realPerClass: realImages }),
    mapping({
      strategy: z.literal('stratified'),
      realPerCluster: realImages,
      groups: z
        .union(
          [
            list(integer({ from: 1, to: 65_536 }), groupsText),
            z.literal('auto', { error: groupsText }),
          ],
          { error: groupsText },
        )
        .default('auto'),
    }),
  ],
);

const frequencyFields = {
  count: integer({ from: 1, to: 1_048_576 }),
  scale: positiveOrAutomatic(1000).default('auto'),
};

/**
 * The discrepancy reaches the sampling network with its weight and summed over classes, for which the official code's
 * steps are meant; the other objectives are means over classes.
 */
const usualAscent = (objective: SamplingObjective): z.output<typeof optimizer> =>
  optimizer.parse(
    objective === 'discrepancy'
      ? { kind: 'sgd', learningRate: 1e-3, momentum: 0.5 }
      : { kind: 'adam', learningRate: 1e-3 },
  );

const samplingNetwork = mapping({
  kind: z.literal('sampling-network'),
  ...frequencyFields,
  objective: choice(samplingObjectives).default('discrepancy'),
  perComponent: integer({ from: 1, to: 65_536 }).default(16),
  learnedPerComponent: integer({ from: 1, to: 65_536 }).default(1),
  width: z.exactOptional(integer({ from: 1, to: 65_536 })),
  bound: number({ above: 1, to: 1000 }).default(2),
  optimizer: z.exactOptional(optimizer),
  schedule: schedule.default({ kind: 'constant' }),
}).transform(({ optimizer, ...form }) => ({
  ...form,
  optimizer: optimizer ?? usualAscent(form.objective),
}));

const frequencies = variants(
  'kind',
  ['gaussian', 'sampling-network', 'none'],
  [
    mapping({ kind: z.literal('gaussian'), ...frequencyFields }),
    samplingNetwork,
    mapping({ kind: z.literal('none') }),
  ],
);

const extractors = variants(
  'kind',
  ['blend', 'snapshots'],
  [
    mapping({ kind: z.literal('blend') }),
    mapping({
      kind: z.literal('snapshots'),
      parts: integer({ from: 1, to: 1000 }).default(20),
      order: choice(['any', 'forward']).default('any'),
    }),
  ],
);

/** The options of NCFM, as a configuration has them; numbers of groups that are left to us are filled in. */
export const ncfmSchema = methodSchema('ncfm', {
  matching,
  extractors,
  frequencies,
  alpha: number({ from: 0, to: 1 }),
  discrepancyWeight: number({ above: 0, to: 1e9 }),
  amortize: integer({ from: 1, to: 1_000_000 }),
  fineTuning,
}).transform(({ matching, ...options }) => {
  if (matching.strategy === 'plain') return { ...options, matching };
  const { groups } = matching;
  if (groups !== 'auto') return { ...options, matching: { ...matching, groups } };
  const { imagesPerClass, formation } = options;
  // They nest: the whole class, one group per stored image, one per training image.
  const nested = [1, imagesPerClass, decodedPerClass(formation, imagesPerClass)];
  return { ...options, matching: { ...matching, groups: [...new Set(nested)] } };
}) satisfies z.ZodType<NcfmOptions>;
