import { z } from 'zod';
import {
  choice,
  choiceOf,
  flag,
  integer,
  integerOrAutomatic,
  mapping,
  number,
  sizeOrAutomatic,
  strength,
  text,
} from '../../core/fields.js';
import { knownDatasets } from '../../data/names.js';
import { distillOptions } from '../../methods/registry.js';
import { fraction } from '../../nn/schema.js';
import { continual } from './continual.js';
import { evaluate, wholeData } from './evaluation.js';
import { model } from './model.js';
import { search } from './search.js';
import { length, training } from './training.js';

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
  /** Whether what networks see is whitened, by the training images' statistics. */
  whitening: choice(['none', 'zca']).default('none'),
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
  device: z
    .string({ error: deviceName })
    .regex(/^(cpu|cuda(:\d{1,3})?|privateuseone:0)$/, { error: deviceName }),
  /** How it works on a GPU; see `GpuOptions`. */
  gpu: mapping({
    readEvery: integer({ from: 1, to: 10_000 }),
    deterministic: flag(),
    precision: choice(['tf32', 'float32']),
    projection: choice(['single', 'tf32x3', 'tf32', 'bfloat16']),
    benchmark: flag(),
    residentData: choice(['auto', 'always', 'never']),
  }),
  threads: integerOrAutomatic({ from: 1, to: 1024 }),
  /** Bytes that the process is to stay under; 'auto': no limit. */
  memory: sizeOrAutomatic(),
  chunks,
  model,
  student: z.exactOptional(model),
  pretrain,
  distill: distillOptions,
  /** How often a distillation, or the training of an extractor, is kept so that it can go on. */
  checkpoint,
  /** Pictures of the images are written at the start, at the end and every so many iterations. */
  snapshotEvery: integer({ from: 1, to: 10_000_000 }),
  /** Whether what happens is written for a tracker too, beside the run's own log. */
  tracking: choice(['none', 'tensorboard']),
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
 * default here; all others have theirs in `defaults.yaml`, which every configuration is laid over.
 */
export const configSchema = mapping({ ...settings, dataset: locatedDataset });

/** The same for data that is at hand. */
export const settingsSchema = mapping({ ...settings, dataset });

/** A validated configuration: a `Plan` in which `auto` and the default student are still to be resolved. */
export type Config = z.output<typeof configSchema>;
