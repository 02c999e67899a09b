import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TrainingAugmentation } from '../augment/index.js';
import type { Dataset } from '../data/index.js';
import { ExtractorPool, type TrainedPair } from '../distill/index.js';
import { buildModel, type ImageModel, type ModelOptions, resolveModel } from '../models/index.js';
import type { OptimizerOptions, ScheduleOptions } from '../nn/index.js';
import type { EventSink } from '../run/index.js';
import { engine, makeFolder, RandomGenerator, threads, UsageError } from '../tensor/index.js';
import type { CheckpointInterval } from './checkpoint-interval.js';
import { testAccuracy } from './evaluation/test-network.js';
import { isGuessing } from './guards.js';
import { onDevice, readPair, storedAccuracy, storePair } from './pair-file.js';
import { listPool, type PoolMember, readPoolMember } from './pool-folder.js';
import { datasetSource, type TrainRequest, train } from './train.js';
import { TrainingCheckpoints } from './training-checkpoints.js';

export interface PretrainOptions {
  /** Size of the pool. */
  readonly networks: number;
  /** A folder of networks that the official project has trained: the first `networks` of them are the pool. */
  readonly pool?: string;
  /** How long each network is trained; epochs are passes over the real training images, a fraction of one a part of them. */
  readonly length: { readonly steps: number } | { readonly epochs: number };
  readonly batchSize: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  readonly augmentation: TrainingAugmentation;
}

export interface PretrainRequest {
  readonly train: Dataset;
  /** When given, each network's accuracy on it is reported; it never influences the training. */
  readonly test?: Dataset | undefined;
  /** Test images classified at once. */
  readonly testAtOnce?: number | undefined;
  readonly model: ModelOptions;
  readonly options: PretrainOptions;
  /** Folder of trained pools; a pool is found by a hash of everything that determines it. */
  readonly cache: string;
  /** How often the network in training is kept, so that it can go on; only when it is told to stop when left out. */
  readonly checkpoint?: CheckpointInterval | undefined;
  readonly random: RandomGenerator;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Changes when stored pools of an earlier version must not be used any more. */
const formatVersion = 2;

/**
 * The cache key of a pool: SHA-256 over everything that its numbers depend on, thread count and engine included, so that
 * a run that reuses a pool ends exactly like one that trains it.
 */
export function poolHash({ train, model, options, random }: PoolRequest): string {
  const { networks: _, ...settings } = options;
  const identity = {
    formatVersion,
    data: train.hash,
    normalization: train.normalization,
    model: resolveModel(model, train.shape),
    settings,
    seed: random.seed,
    engine: [engine().version, random.device, threads()],
  };
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

/**
 * Trains the pool of feature extractors (the paper's §4.2.1), or reads those of it that were trained before: each
 * network is stored as soon as it is done, so an interrupted pretraining goes on where it stopped, and a larger pool
 * reuses the smaller one. The caller owns the pool.
 */
export async function pretrain(request: PretrainRequest): Promise<ExtractorPool> {
  if (request.options.pool !== undefined) return readPool(request, request.options.pool);
  const { folder, paths } = poolFiles(request);
  let reused = 0;
  for (const [index, path] of paths.entries()) {
    if (existsSync(path)) reused += 1;
    else await trainNetwork(request, index, path);
  }
  if (reused > 0) request.onEvent({ type: 'pretrain-reused', networks: reused, path: folder });
  return new ExtractorPool(paths.map((path) => onDevice(readPair(path), request.random.device)));
}

/** Networks of another project; nothing is trained. */
function readPool(
  { train, model, options, random, onEvent }: PretrainRequest,
  folder: string,
): ExtractorPool {
  const chosen = poolMembers(options.networks, folder);
  const reading = new RandomGenerator(0);
  using network = buildModel(model, train.shape, train.classNames.length, reading);
  const pairs: TrainedPair[] = [];
  try {
    for (const member of chosen) pairs.push(readPoolMember(member, network));
  } catch (error) {
    for (const { initial, trained } of pairs) {
      for (const tensor of [...initial.values(), ...trained.values()]) tensor.dispose();
    }
    throw error;
  }
  onEvent({ type: 'pretrain-reused', networks: chosen.length, path: folder });
  return new ExtractorPool(pairs.map((pair) => onDevice(pair, random.device)));
}

function poolMembers(networks: number, folder: string): PoolMember[] {
  const members = listPool(folder);
  if (members.length >= networks) return members.slice(0, networks);
  throw new UsageError(
    `${folder} holds ${members.length} networks, pretrain.networks asks for ${networks}; lower it`,
  );
}

/** Throws UsageError unless a folder that the pool is to be read from has all of its networks' files. */
export function requirePool({ networks, pool }: PretrainOptions): void {
  if (pool !== undefined) poolMembers(networks, pool);
}

/** What tells one pool from another. */
export type PoolRequest = Pick<PretrainRequest, 'train' | 'model' | 'options' | 'cache' | 'random'>;

/** How many networks of a pool were trained by earlier runs and need not be again. */
export function networksReady(request: PoolRequest): number {
  if (request.options.pool !== undefined) return request.options.networks;
  return poolFiles(request).paths.filter((path) => existsSync(path)).length;
}

/** The test accuracies, in percent, of a pool that has been trained: those of its networks that were tested then. */
export function trainedAccuracies(request: PoolRequest): number[] {
  return poolFiles(request)
    .paths.map(storedAccuracy)
    .filter((accuracy) => accuracy !== undefined);
}

function poolFiles(request: PoolRequest) {
  const folder = join(request.cache, 'extractors', poolHash(request));
  const paths = Array.from({ length: request.options.networks }, (_, index) =>
    join(folder, `network-${String(index).padStart(3, '0')}.safetensors`),
  );
  return { folder, paths };
}

async function trainNetwork(request: PretrainRequest, index: number, path: string): Promise<void> {
  const { train: dataset, model: architecture, options, onEvent, signal } = request;
  const { networks } = options;
  const started = performance.now();
  onEvent({ type: 'pretrain-network-start', network: index + 1, networks });
  const random = request.random.derive(`network-${index}`);
  using model = buildModel(architecture, dataset.shape, dataset.classNames.length, random);
  using untrained = buildModel(
    architecture,
    dataset.shape,
    dataset.classNames.length,
    random.derive('copy'),
  );
  untrained.loadState(model.state());
  makeFolder(dirname(path));
  const checkpoints = checkpointsOf(request, index, path);
  await train({
    model,
    source: datasetSource(dataset, random.device),
    steps: pretrainSteps(request),
    options: { ...options, cutMix: 0 },
    random,
    checkpoints,
    signal,
    onStep: epochReporter(request, index),
  });
  const accuracy = await tested(request, model, index);
  storePair(path, { initial: untrained.state(), trained: model.state() }, accuracy);
  checkpoints.clear();
  onEvent({
    type: 'pretrain-network-end',
    network: index + 1,
    networks,
    ...(accuracy === undefined ? {} : { testAccuracy: accuracy }),
    seconds: (performance.now() - started) / 1000,
  });
}

/** A network's test accuracy, in percent, where there are test images; says so when it has learnt nothing. */
async function tested(
  { test, testAtOnce, random, onEvent, signal }: PretrainRequest,
  model: ImageModel,
  index: number,
): Promise<number | undefined> {
  if (test === undefined) return undefined;
  const { device } = random;
  const accuracy = await testAccuracy(model, test, { device, imagesAtOnce: testAtOnce, signal });
  const classes = test.classNames.length;
  if (isGuessing(accuracy, classes, test.labels.length)) {
    onEvent({
      type: 'warning',
      message: `network ${index + 1} is no better than guessing (${accuracy.toFixed(1)} % of ${classes} classes), and of no use for matching; train it longer (pretrain.length) or at another rate (pretrain.optimizer.learningRate)`,
    });
  }
  return accuracy;
}

/** Where a network in training is kept: beside the file that it will have, whose name tells it from any other. */
function checkpointsOf(request: PretrainRequest, index: number, path: string): TrainingCheckpoints {
  const { checkpoint, options, onEvent } = request;
  return new TrainingCheckpoints({
    folder: `${path}.training`,
    seconds: checkpoint?.seconds ?? null,
    onResume: (step) =>
      onEvent({
        type: 'pretrain-resume',
        network: index + 1,
        networks: options.networks,
        step,
        steps: pretrainSteps(request),
      }),
    onDamaged: (path) =>
      onEvent({
        type: 'warning',
        message: `a checkpoint of an extractor in training was damaged; it goes on from the one before, or begins anew (${path})`,
      }),
  });
}

/** Steps of a network's training. */
export function pretrainSteps({
  train,
  options,
}: Pick<PretrainRequest, 'train' | 'options'>): number {
  const { length, batchSize } = options;
  if ('steps' in length) return length.steps;
  return Math.max(1, Math.round((length.epochs * train.labels.length) / batchSize));
}

/** Turns steps into one event per pass over the data (and one for a last part of a pass). */
function epochReporter(
  request: PretrainRequest,
  index: number,
): NonNullable<TrainRequest['onStep']> {
  const { train, options, onEvent } = request;
  const steps = pretrainSteps(request);
  const epochs = Math.ceil((steps * options.batchSize) / train.labels.length);
  const passes = (step: number): number => (step * options.batchSize) / train.labels.length;
  const fresh = () => ({ loss: 0, correct: 0, images: 0, steps: 0, started: performance.now() });
  let sums = fresh();
  return (step, loss, correct, batch) => {
    sums.loss += loss;
    sums.correct += correct;
    sums.images += batch;
    sums.steps += 1;
    if (Math.floor(passes(step)) === Math.floor(passes(step - 1)) && step !== steps) return;
    onEvent({
      type: 'pretrain-epoch',
      network: index + 1,
      networks: options.networks,
      epoch: step === steps ? epochs : Math.floor(passes(step)),
      epochs,
      loss: sums.loss / sums.steps,
      trainAccuracy: (100 * sums.correct) / sums.images,
      seconds: (performance.now() - sums.started) / 1000,
    });
    sums = fresh();
  };
}
