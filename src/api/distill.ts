import { resolveSettings, type Settings } from '../config/values.js';
import type { Dataset, OwnDataset } from '../data/index.js';
import { SyntheticImages } from '../distill/index.js';
import type { Method } from '../methods/method.js';
import type { DistillDatasetRequest } from '../pipeline/distill-dataset.js';
import type { Plan } from '../plan/plan.js';
import type { DistillIteration, EventSink } from '../run/index.js';
import { noGrad, scope } from '../tensor/index.js';
import { type DistilledSet, setOf } from './distilled-set.js';
import { Handover } from './handover.js';
import {
  checkData,
  type SharedSetting,
  sectioned,
  type TaskOptions,
  trainingPart,
} from './options.js';

/** The settings of a distillation: of `distill` beside those of the whole configuration that it takes. */
export type DistillSettings = NonNullable<Settings['distill']> & Pick<Settings, SharedSetting>;

export interface DistillTaskOptions extends TaskOptions {
  /** Folder that keeps the state of the distillation, which goes on from there when it is asked for again. */
  readonly folder?: string | undefined;
}

/** Options of `distill`; what is left out is as in `defaults.yaml`, and as the method has it. */
export type DistillOptions = DistillTaskOptions &
  (
    | DistillSettings
    /** A method of one's own, with options of its own. */
    | (Omit<DistillSettings, keyof NonNullable<Settings['distill']>> & {
        readonly method: Method;
        readonly [option: string]: unknown;
      })
  );

/** What one iteration did, and the images after it. */
export interface DistillStep extends Omit<DistillIteration, 'type'> {
  /** A copy of the images as they are now, which the caller disposes; to be asked for before the next step. */
  readonly copy: () => DistilledSet;
}

const ownOptions = ['extends', 'cache', 'onEvent', 'signal', 'folder'];

/** @throws UsageError as `distill` */
export function distillPlan(options: DistillOptions): Plan {
  const { method, dataset, extends: base } = options;
  const named = typeof method === 'object' ? { ...options, method: method.name } : options;
  checkData(dataset);
  return resolveSettings(sectioned('distill', named, ownOptions), { name: 'distilled', base });
}

interface DistillFunction {
  /**
   * Distils a dataset: pretrains the pool of feature extractors and turns the training images into a few synthetic ones
   * of each class. Nothing is written unless a folder is named.
   *
   * @param data what `loadDataset` or `arrayDataset` gave, or `{ train, test }`. Of a dataset without test images a share
   *   (`dataset.testShare`) is left out for testing, the same at every call; of `{ train }` nothing is.
   * @returns the set, which the caller disposes
   * @throws UsageError for options that are wrong or do not fit the data, naming each
   */
  (data: OwnDataset, options?: DistillOptions): Promise<DistilledSet>;

  /**
   * The same step by step: `for await (const step of distill.steps(data, options))`. The next iteration begins when the
   * loop asks for it; leaving the loop ends the distillation and releases all that it holds.
   */
  readonly steps: (data: OwnDataset, options?: DistillOptions) => AsyncGenerator<DistillStep, void>;
}

export const distill: DistillFunction = Object.assign(
  async (data: OwnDataset, options: DistillOptions = {}): Promise<DistilledSet> => {
    const request = await requestOf(data, options);
    return setOf(await distillData(request), request.train);
  },
  { steps },
);

/** The engine and all above it are loaded when there is something to distil. */
async function distillData(request: DistillDatasetRequest): Promise<SyntheticImages> {
  const { distillDataset } = await import('../pipeline/distill-dataset.js');
  return await distillDataset(request);
}

async function requestOf(
  data: OwnDataset,
  options: DistillOptions,
): Promise<DistillDatasetRequest> {
  const plan = distillPlan(options);
  const { cache, folder, signal, onEvent = () => {} } = options;
  const { train, test } = await trainingPart(data, plan, { onEvent, signal });
  return { train, test, plan, cache, folder, signal, onEvent };
}

async function* steps(
  data: OwnDataset,
  options: DistillOptions = {},
): AsyncGenerator<DistillStep, void> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  let report: DistillIteration | undefined;
  const onEvent: EventSink = (event) => {
    if (event.type === 'distill-iteration') report = event;
    options.onEvent?.(event);
  };
  const request = await requestOf(data, { ...options, signal, onEvent });
  const handover = new Handover<DistillStep>();
  const onImages = async (_: number, synthetic: SyntheticImages): Promise<void> => {
    // The images before the first iteration are no step.
    if (report === undefined) return;
    const { type: _type, ...told } = report;
    await handover.give({ ...told, copy: () => copyOf(synthetic, request.train) });
  };
  const end = distillData({ ...request, onImages }).then(
    (synthetic) => {
      synthetic.dispose();
      handover.end();
    },
    (error: unknown) => handover.fail(error),
  );
  try {
    for (let step = await handover.take(); step; step = await handover.take()) yield step;
  } finally {
    stop.abort();
    handover.release();
    await end;
  }
}

function copyOf(synthetic: SyntheticImages, source: Dataset): DistilledSet {
  const { classes, formation } = synthetic;
  const images = scope(() => noGrad(() => synthetic.images.detach().clone()));
  const copy = new SyntheticImages(images, classes, formation);
  copy.stepSize = synthetic.stepSize;
  return setOf(copy, source);
}
