import { z } from 'zod';
import { knownDatasets } from '../../data/names.js';
import { mixFilters } from '../../distill/index.js';
import { type SamplingObjective, samplingObjectives } from '../../methods/index.js';
import { continual } from './continual.js';
import { evaluate, wholeData } from './evaluation.js';
import {
  choice,
  choiceOf,
  flag,
  integer,
  integerOrAutomatic,
  list,
  mapping,
  number,
  positiveOrAutomatic,
  sizeOrAutomatic,
  strength,
  text,
  variants,
} from './fields.js';
import { model } from './model.js';
import { ownAugmentation } from './own.js';
import { search } from './search.js';
import {
  colour,
  fraction,
  length,
  namedAugmentation,
  optimizer,
  schedule,
  training,
} from './training.js';

const matchingAugmentation = mapping(
  {
    ...colour,
    crop: strength({ from: 0, to: 1 }).default(null),
    cutout: strength({ from: 0, to: 1 }).default(null),
    flip: flag().default(false),
    own: z.exactOptional(ownAugmentation),
  },
  namedAugmentation,
);

const channels = '1, 3 or auto';

const dataset = mapping({
  /** A dataset known by name; else `path` is given. */
  name: z.exactOptional(choiceOf(knownDatasets)),
  /** Data of one's own: a folder of class folders, or a file. */
  path: z.exactOptional(text('the path of a folder or file')),
  /** Folder that holds a named dataset; the usual places when absent. */
  root: z.exactOptional(text('the path of a folder')),
  /** Which of a dataset's two sets of labels, where it has two; the fine ones when absent. */
  labels: z.exactOptional(choice(['fine', 'coarse'])),
  /** Side in pixels of pictures that are decoded. */
  size: integerOrAutomatic({ from: 8, to: 512 }).default('auto'),
  /** Channels of pictures that are decoded. */
  channels: z.union([z.literal([1, 3]), z.literal('auto')], { error: channels }).default('auto'),
  /** Share held out for testing where the data has no test part, in (0, 1). */
  testShare: fraction.default(0.2),
  /** Damaged pictures: `stop` tells all of them in an error, `skip` leaves them out. */
  onDamaged: choice(['stop', 'skip']).default('stop'),
  /**
   * Share of the training images held out, in [0, 1). When above 0 every accuracy is measured on them instead of the
   * test images: settings are to be chosen this way, so that test data stays unseen.
   */
  validation: number({ from: 0, below: 1 }).default(0),
});

/** Data that can be found: where it is given to a function as a value, neither is said. */
const locatedDataset = dataset.refine(
  ({ name, path }) => name !== undefined || path !== undefined,
  {
    path: ['name'],
    error: () => `${knownDatasets().join(', ')}, or dataset.path for data of your own`,
  },
);

const pretrain = mapping({
  networks: integer({ from: 1, to: 1000 }),
  pool: z.exactOptional(text('the path of a folder of networks')),
  length: length(number({ above: 0, to: 10_000 })),
  ...training,
});

const factor = integer({ from: 1, to: 64 });

const formation = variants(
  'mode',
  ['single', 'multi', 'bound'],
  [
    mapping({ mode: z.literal('single'), factor }),
    mapping({ mode: z.literal('multi'), factor }),
    mapping({ mode: z.literal('bound'), factor, budget: integer({ from: 1, to: 1_000_000 }) }),
  ],
);

const initialization = variants(
  'kind',
  ['mix', 'random', 'noise', 'load'],
  [
    mapping({ kind: z.literal('mix'), filter: choice(mixFilters).default('nearest') }),
    mapping({ kind: z.literal('random') }),
    mapping({ kind: z.literal('noise') }),
    mapping({ kind: z.literal('load'), path: text('the path of a .safetensors or .pt file') }),
  ],
);

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
  objective === 'discrepancy'
    ? { kind: 'sgd', learningRate: 1e-3, momentum: 0.5, weightDecay: 0 }
    : { kind: 'adam', learningRate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 };

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

const fineTuningFields = {
  weight: number({ above: 0, to: 1e9 }).default(1),
  augment: flag().default(true),
};

const fineTuning = variants(
  'kind',
  ['none', 'joint', 'step'],
  [
    mapping({ kind: z.literal('none') }),
    mapping({ kind: z.literal('joint'), ...fineTuningFields }),
    mapping({ kind: z.literal('step'), ...fineTuningFields }),
  ],
);

const distill = mapping({
  imagesPerClass: integer({ from: 1, to: 10_000 }),
  formation,
  initialization,
  iterations: integer({ from: 1, to: 10_000_000 }),
  matching,
  frequencies,
  alpha: number({ from: 0, to: 1 }),
  discrepancyWeight: number({ above: 0, to: 1e9 }),
  amortize: integer({ from: 1, to: 1_000_000 }),
  fineTuning,
  optimizer,
  schedule,
  augmentation: matchingAugmentation,
  onNonFinite: choice(['stop', 'skip']),
});

const checkpoint = mapping({
  seconds: strength({ above: 0, to: 1e6 }),
  iterations: integer({ from: 1, to: 10_000_000 }).nullable(),
});

const chunkSize = integerOrAutomatic({ from: 1, to: 1_000_000 });
const chunks = mapping({ real: chunkSize, synthetic: chunkSize, test: chunkSize });

const runName =
  'a name of letters, digits, ".", "_" and "-", at most 100, the first a letter or a digit';
const deviceName = 'cpu, cuda or cuda:<number>';

const modulePath = 'the path of a module';

const settings = {
  /** Modules that define models, augmentations or datasets of one's own. */
  imports: z.array(text(modulePath), { error: `a list, each item ${modulePath}` }),
  /** The run directory's name. */
  name: z.string({ error: runName }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, { error: runName }),
  seed: integer({ from: 0, to: Number.MAX_SAFE_INTEGER }),
  /** Distillations, each with a pool, a start and an evaluation from a seed of its own; see `forEachRepeat`. */
  repeats: integer({ from: 1, to: 1000 }),
  device: z.string({ error: deviceName }).regex(/^(cpu|cuda(:\d{1,3})?)$/, { error: deviceName }),
  threads: integerOrAutomatic({ from: 1, to: 1024 }),
  /** Bytes that the process is to stay under; 'auto': no limit. */
  memory: sizeOrAutomatic(),
  chunks,
  model,
  student: z.exactOptional(model),
  pretrain,
  distill,
  /** How often a distillation, or the training of an extractor, is kept so that it can go on. */
  checkpoint,
  /** Pictures of the images are written at the start, at the end and every so many iterations. */
  snapshotEvery: integer({ from: 1, to: 10_000_000 }),
  evaluate,
  /** The networks trained on all real images, as a bound to compare with. */
  wholeData,
  /** The search for an architecture on the distilled set. */
  search,
  /** The steps of `ncfm continual`. */
  continual,
};

/**
 * A whole configuration, with the range of every number. Values that belong to one form of a setting only have their
 * default here; all others have theirs in `config/defaults.yaml`, which every configuration is laid over.
 */
export const configSchema = mapping({ ...settings, dataset: locatedDataset });

/** The same for data that is at hand. */
export const settingsSchema = mapping({ ...settings, dataset });

/** A validated configuration: a `Plan` in which `auto` and the default student are still to be resolved. */
export type Config = z.output<typeof configSchema>;
