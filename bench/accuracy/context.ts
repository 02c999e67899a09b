import { join } from 'node:path';
import {
  type DatasetPair,
  loadDataset,
  loadPlan,
  type Plan,
  RandomGenerator,
  type RunEvent,
  setThreads,
} from 'ncfm';
import { type ExtractorPool, pretrain } from 'ncfm/methods';
import { physicalCores } from 'ncfm/tensor';
import { repository } from '../paths.js';
import type { AccuracyArguments } from './arguments.js';
import { Store } from './store.js';

/** What all stages share. */
export interface Context {
  readonly options: AccuracyArguments;
  readonly store: Store;
  readonly threads: number;
  readonly data: DatasetPair;
}

const seed = 0;

/** Opens the folder of results and loads Fashion-MNIST. */
export async function openContext(options: AccuracyArguments): Promise<Context> {
  const threads = options.threads ?? physicalCores();
  setThreads(threads);
  const store = new Store(options.out);
  return { options, store, threads, data: await loadDataset('fashion-mnist') };
}

/** The settings of our side: those for so many images per class, with the changes of the command line. */
export function planFor({ options, threads }: Context, imagesPerClass: number): Plan {
  const { networks, epochs, width, overrides } = options;
  return loadPlan({
    source: join(repository, `bench/accuracy/settings/fashion-ipc${imagesPerClass}.yaml`),
    threads,
    seed,
    overrides: [
      `model.width=${width}`,
      `pretrain.networks=${networks}`,
      `pretrain.length={ epochs: ${epochs} }`,
      ...overrides,
    ],
  }).plan;
}

/** What the pool depends on. */
export function poolSettings({ options, threads }: Context): object {
  const { networks, epochs, width } = options;
  return { networks, epochs, width, threads };
}

/** What asks for the pool of both sides; it is trained when it is not there yet. */
export function poolRequest(context: Context): Parameters<typeof pretrain>[0] {
  const plan = planFor(context, context.options.imagesPerClass[0]!);
  return {
    train: context.data.train,
    test: context.data.test,
    model: plan.model,
    options: plan.pretrain,
    cache: context.store.folder,
    random: generator('pretrain'),
    onEvent: narrate,
  };
}

/** The pretrained networks; the caller owns them. */
export function openPool(context: Context): Promise<ExtractorPool> {
  return pretrain(poolRequest(context));
}

/** A generator of its own for each use. */
export function generator(label: string): RandomGenerator {
  return new RandomGenerator(seed).derive(label);
}

/** Says on standard error what is being done. */
export function say(line: string): void {
  process.stderr.write(`· ${line}\n`);
}

/** The events of long work that are worth a line. */
export function narrate(event: RunEvent): void {
  if (event.type === 'pretrain-epoch') {
    const { network, networks, epoch, epochs, trainAccuracy, seconds } = event;
    say(
      `network ${network}/${networks}, epoch ${epoch}/${epochs}: ${trainAccuracy.toFixed(1)} % in training, ${seconds.toFixed(0)} s`,
    );
  }
  if (event.type === 'pretrain-network-end' && event.testAccuracy !== undefined) {
    say(`network ${event.network}/${event.networks}: ${event.testAccuracy.toFixed(2)} %`);
  }
}
