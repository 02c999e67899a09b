import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder, UsageError } from '../core/index.js';
import { buildModel, type ImageModel } from '../models/index.js';
import { RandomGenerator } from '../tensor/index.js';
import { ExtractorPool, type TrainedPair } from './extractors.js';
import { onDevice, readPair, storePair } from './pair-file.js';
import { PoolAccuracies, poolFiles } from './pool-cache.js';
import { listPool, type PoolMember, readPoolMember } from './pool-folder.js';
import type { PretrainOptions, PretrainRequest } from './pretrain-request.js';
import { isGuessing, testAccuracy } from './test-network.js';
import type { TrainRequest } from './train.js';
import { trainExtractor } from './train-extractor.js';
import { TrainingCheckpoints } from './training-checkpoints.js';

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
  await testUntested(request, paths);
  return new ExtractorPool(paths.map((path) => onDevice(readPair(path), request.random.device)));
}

/** Measures those networks that earlier runs trained and tested on other images, or were stopped before they could. */
async function testUntested(request: PretrainRequest, paths: readonly string[]): Promise<void> {
  const { train: dataset, test, model: architecture, random } = request;
  if (test === undefined) return;
  const accuracies = new PoolAccuracies(request, test);
  for (const [index, path] of paths.entries()) {
    if (accuracies.read(index) !== undefined) continue;
    using model = buildModel(
      architecture,
      dataset.shape,
      dataset.classNames.length,
      random.derive('tested'),
    );
    const pair = onDevice(readPair(path), random.device);
    model.loadState(pair.trained);
    for (const state of Object.values(pair)) for (const value of state.values()) value.dispose();
    await tested(request, model, index);
  }
}

/** The accuracies of a pool's networks on the request's test images, in percent; undefined unless all are known. */
export function poolAccuracies(request: PretrainRequest): number[] | undefined {
  const { test, options } = request;
  if (test === undefined) return undefined;
  const accuracies = new PoolAccuracies(request, test);
  const known = Array.from({ length: options.networks }, (_, index) => accuracies.read(index));
  return known.every((accuracy) => accuracy !== undefined) ? known : undefined;
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

async function trainNetwork(request: PretrainRequest, index: number, path: string): Promise<void> {
  const { train: dataset, model, options, onEvent, signal } = request;
  const { networks } = options;
  const started = performance.now();
  onEvent({ type: 'pretrain-network-start', network: index + 1, networks });
  makeFolder(dirname(path));
  const checkpoints = checkpointsOf(request, index, path);
  using extractor = await trainExtractor({
    train: dataset,
    model,
    options,
    steps: pretrainSteps(request),
    random: request.random.derive(`network-${index}`),
    checkpoints,
    signal,
    onStep: epochReporter(request, index),
  });
  storePair(path, { initial: extractor.untrained.state(), trained: extractor.trained.state() });
  checkpoints.clear();
  const accuracy = await tested(request, extractor.trained, index);
  onEvent({
    type: 'pretrain-network-end',
    network: index + 1,
    networks,
    ...(accuracy === undefined ? {} : { testAccuracy: accuracy }),
    seconds: (performance.now() - started) / 1000,
  });
}

/** Measures and keeps a network's accuracy, in percent, where there are test images; says so when it has learnt nothing. */
async function tested(
  request: PretrainRequest,
  model: ImageModel,
  index: number,
): Promise<number | undefined> {
  const { test, testAtOnce, random, onEvent, signal } = request;
  if (test === undefined) return undefined;
  const { device } = random;
  const accuracy = await testAccuracy(model, test, { device, imagesAtOnce: testAtOnce, signal });
  new PoolAccuracies(request, test).write(index, accuracy);
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
