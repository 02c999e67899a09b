import { type Settings, settingNames } from '../config/values.js';
import { nearest, UsageError } from '../core/index.js';
import {
  type Dataset,
  type DatasetPair,
  type OwnDataset,
  type Whitening,
  whitenedParts,
} from '../data/index.js';
import { asPair, givenParts } from '../data/open.js';
import { holdOut } from '../pipeline/hold-out.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';

/** Settings of a whole configuration that a distillation and an evaluation take alike. */
export type SharedSetting =
  | 'seed'
  | 'device'
  | 'gpu'
  | 'threads'
  | 'memory'
  | 'chunks'
  | 'model'
  | 'pretrain'
  | 'checkpoint';

/** What every task takes beside its settings. */
export interface TaskOptions {
  /** The name of a preset, or the path of a YAML file, whose settings these are laid over. */
  readonly extends?: string | undefined;
  readonly dataset?: DataOptions | undefined;
  /** Folder of trained networks, kept for the next time. Default: a temporary one, which goes when the task is done. */
  readonly cache?: string | undefined;
  /** Told what happens, as it happens. */
  readonly onEvent?: EventSink | undefined;
  /** Stops the task after its step; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How data is divided that comes without test images, or is to be measured on others. */
export interface DataOptions {
  /** Share of each class that is held out for testing where there is no test part, in (0, 1). Default: 0.2. */
  readonly testShare?: number | undefined;
  /** Share of the training images to measure on, in place of the test images, in [0, 1). Default: 0. */
  readonly validation?: number | undefined;
  /** Whether images are whitened by the training images' statistics. Default: none. */
  readonly whitening?: Whitening | 'none' | undefined;
}

/**
 * Settings of one section beside those of the whole configuration, as a configuration has them. A key that is of neither
 * stays where it is meant, to be told there.
 */
export function sectioned(
  section: 'distill' | 'evaluate',
  options: object,
  own: readonly string[],
): Settings {
  const { [section]: known = [], ...whole } = settingNames();
  const inSection: Record<string, unknown> = {};
  const settings: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (own.includes(key)) continue;
    const isUnlike = !known.includes(key) && nearest(key, known) === undefined;
    const isWhole = key in whole || (isUnlike && nearest(key, Object.keys(whole)) !== undefined);
    (isWhole ? settings : inSection)[key] = value;
  }
  return { ...settings, [section]: inSection } as Settings;
}

/** @throws UsageError for what only a configuration can say of data */
export function checkData(dataset: DataOptions = {}): void {
  const known = ['testShare', 'validation', 'whitening'];
  const unknown = Object.keys(dataset).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new UsageError(
    `dataset.${unknown}: unknown key; the data itself is the argument before the options, which may say ${known.slice(0, -1).join(', ')} and ${known.at(-1)} of it`,
  );
}

type Watching = { readonly onEvent: EventSink } & Pick<TaskOptions, 'signal'>;

/**
 * The training and the test images of data at hand, divided as a plan says.
 * @throws UsageError where there are no test images and none can be held out
 */
export async function partsOf(
  data: OwnDataset,
  plan: Plan,
  { onEvent, signal }: Watching,
): Promise<DatasetPair> {
  const { testShare, validation, whitening } = plan.dataset;
  const onNote = (message: string): void => onEvent({ type: 'data-note', message });
  const pair = asPair(data, { testShare, onNote });
  const parts = validation === 0 ? pair : holdOut(pair.train, validation);
  return await whitenedParts(parts, whitening, { onNote, signal });
}

/** The training images alone: all of them where it is said which they are. */
export async function trainingPart(
  data: OwnDataset,
  plan: Plan,
  watching: Watching,
): Promise<{ readonly train: Dataset; readonly test?: Dataset | undefined }> {
  const given = givenParts(data);
  const isWhole = 'train' in data && given.test === undefined && plan.dataset.validation === 0;
  if (!isWhole) return await partsOf(data, plan, watching);
  return await whitenedParts(given, plan.dataset.whitening, { signal: watching.signal });
}
