import { dirname } from 'node:path';
import { type MakeOptions, makeFolder, UsageError } from '../core/index.js';
import { type Dataset, keepResident } from '../data/index.js';
import { buildModel, type ImageModel } from '../models/index.js';
import { RandomGenerator } from '../tensor/index.js';
import { ExtractorPool, type TrainedPair } from './extractors.js';
import { onDevice, readPair, storePair } from './pair-file.js';
import { type StoredPool, storedPool, testOf } from './pool-cache.js';
import { listPool, type PoolMember, readPoolMember } from './pool-folder.js';
import type { PretrainOptions, PretrainRequest, Recording } from './pretrain-request.js';
import { isGuessing, testAccuracy } from './test-network.js';
import { imagesPerBatch, type TrainingStep, type TrainRequest, trainingSteps } from './train.js';
import { trainExtractor } from './train-extractor.js';
import { TrainingCheckpoints } from './training-checkpoints.js';
import {
  recordedSteps,
  storedTrajectories,
  TrajectoryWriter,
  trajectoryPath,
} from './trajectories.js';

/**
 * Trains the pool of feature extractors (the paper's §4.2.1), or reads those of it that were trained before: each
 * network is stored as soon as it is done, so an interrupted pretraining goes on where it stopped, and a larger pool
 * reuses the smaller one. A network that another process is training is waited for; the processes of a group train some each.
 * The caller owns the pool.
 */
export async function pretrain(request: PretrainRequest): Promise<ExtractorPool> {
  const { train, options, trajectories, random, onEvent } = request;
  requirePool(options, trajectories);
  if (options.pool !== undefined) return readPool(request, options.pool);
  if (trajectories) recordedSteps(options, train.labels.length, trajectories);
  const { store, networks } = storedPool(request);
  makeFolder(dirname(store.folder));
  const reused = await trainAll(request, { store, networks });
  if (reused > 0) onEvent({ type: 'pretrain-reused', networks: reused, path: store.folder });
  const paths = networks.map(({ path }) => path);
  return new ExtractorPool(
    paths.map((path) => onDevice(readPair(path), random.device)),
    trajectories && storedTrajectories(paths.map(trajectoryPath), random.device),
  );
}

/** Sees to all networks, in all processes together; how many had been trained before. */
async function trainAll(request: PretrainRequest, pool: StoredPool): Promise<number> {
  const { group, signal } = request;
  using _pixels = keepResident(request.train, request.random.device);
  const see = async (indices: readonly number[]): Promise<boolean[]> => {
    const found: boolean[] = [];
    for (const index of indices) found.push(await trainOrFind(request, pool, index));
    return found;
  };
  const all = [...pool.networks.keys()];
  const found = await (group ? group.shareOut(all, see, signal) : see(all));
  return found.filter(Boolean).length;
}

/** Sees to one network and its accuracy on the test images; whether the network had been trained before. */
async function trainOrFind(
  request: PretrainRequest,
  { store, networks }: StoredPool,
  index: number,
): Promise<boolean> {
  const { test, random, onEvent, signal } = request;
  const network = networks[index]!;
  const started = performance.now();
  const { found } = await store.readOrMake(
    network,
    () => trainNetwork(request, index, network.path),
    { ...tellers(request, index, network.path), signal },
  );
  if (!found) checkpointsOf(request, index, network.path).clear();
  const accuracy =
    test &&
    (await store.readOrMake(testOf(network, test, random.device), () =>
      testStored(request, test, index, network.path),
    ));
  if (!found) {
    onEvent({
      type: 'pretrain-network-end',
      network: index + 1,
      networks: networks.length,
      ...(accuracy && { testAccuracy: accuracy.value }),
      seconds: (performance.now() - started) / 1000,
    });
  }
  return found;
}

/** How it is told that another process trains a network, or that its file is damaged. */
function tellers({ onEvent }: PretrainRequest, index: number, path: string): MakeOptions {
  const warn = (message: string): void => onEvent({ type: 'warning', message });
  return {
    onWait: ({ pid, host }, lock) =>
      warn(
        `network ${index + 1} of the pool is being trained by process ${pid} on ${host}; waiting for it (if it no longer exists, delete ${lock})`,
      ),
    onDamaged: () => warn(`the pretrained network ${path} is damaged; it is trained again`),
  };
}

/** The accuracies of a pool's networks on the request's test images, in percent; undefined unless all are known. */
export function poolAccuracies(request: PretrainRequest): number[] | undefined {
  const { test, random } = request;
  if (test === undefined) return undefined;
  const { store, networks } = storedPool(request);
  const known = networks.map((network) => store.read<number>(testOf(network, test, random.device)));
  return known.every((accuracy) => accuracy !== undefined) ? known : undefined;
}

/** Wall-clock seconds that the training of a pool's networks took, whenever it was; undefined unless all are known. */
export function poolSeconds(request: PretrainRequest): number | undefined {
  if (request.options.pool !== undefined) return undefined;
  const { store, networks } = storedPool(request);
  const known = networks.map((network) => store.read<TrainedNetwork>(network)?.seconds);
  return known.every((seconds) => seconds !== undefined)
    ? known.reduce((sum, seconds) => sum + seconds, 0)
    : undefined;
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

/** Throws UsageError unless a folder that the pool is to be read from has all of it. */
export function requirePool({ networks, pool }: PretrainOptions, trajectories?: Recording): void {
  if (pool === undefined) return;
  poolMembers(networks, pool);
  if (!trajectories) return;
  throw new UsageError(
    `${pool} holds networks before and after their training only, and the method follows them on their way; leave pretrain.pool out, so that they are trained here`,
  );
}

/** What is noted of a network beside its file. */
interface TrainedNetwork {
  readonly seconds: number;
}

async function trainNetwork(
  request: PretrainRequest,
  index: number,
  path: string,
): Promise<TrainedNetwork> {
  const { train: dataset, model, options, onEvent, signal } = request;
  const checkpoints = checkpointsOf(request, index, path);
  onEvent({ type: 'pretrain-network-start', network: index + 1, networks: options.networks });
  using extractor = await trainExtractor({
    train: dataset,
    model,
    options,
    steps: pretrainSteps(request),
    random: request.random.derive(`network-${index}`),
    checkpoints,
    signal,
    record: request.trajectories && recorder(request, request.trajectories, path, checkpoints),
    onStep: epochReporter(request, index),
  });
  storePair(path, { initial: extractor.untrained.state(), trained: extractor.trained.state() });
  return { seconds: checkpoints.seconds };
}

/** Keeps a network as it is on its way. */
function recorder(
  { train, options }: PretrainRequest,
  recording: Recording,
  path: string,
  checkpoints: TrainingCheckpoints,
): (step: number, network: ImageModel) => void {
  const ends = recordedSteps(options, train.labels.length, recording);
  let writer: TrajectoryWriter | undefined;
  return (step, network) => {
    if (writer === undefined) {
      writer = new TrajectoryWriter(trajectoryPath(path), network.namedParameters(), ends);
      // Without the parts that it has passed a training cannot go on.
      if (!writer.open()) checkpoints.clear();
    }
    writer.afterStep(step, network.parameters());
  };
}

/** A stored network's accuracy, in percent; says so when it has learnt nothing. */
async function testStored(
  { train: { shape, classNames }, model, testAtOnce, random, onEvent, signal }: PretrainRequest,
  test: Dataset,
  index: number,
  path: string,
): Promise<number> {
  using network = buildModel(model, shape, classNames.length, random.derive('tested'));
  const pair = onDevice(readPair(path), random.device);
  network.loadState(pair.trained);
  for (const state of Object.values(pair)) for (const value of state.values()) value.dispose();
  const options = { device: random.device, imagesAtOnce: testAtOnce, signal };
  const accuracy = await testAccuracy(network, test, options);
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

export function pretrainSteps({
  train,
  options,
}: Pick<PretrainRequest, 'train' | 'options'>): number {
  return trainingSteps(options, train.labels.length);
}

/** Turns steps into one event per pass over the data (and one for a last part of a pass). */
function epochReporter(
  request: PretrainRequest,
  index: number,
): NonNullable<TrainRequest['onStep']> {
  const { train, options, onEvent } = request;
  const steps = pretrainSteps(request);
  const images = train.labels.length;
  const batchSize = imagesPerBatch(options.batchSize, images);
  const epochs = Math.ceil((steps * batchSize) / images);
  const passes = (step: number): number => (step * batchSize) / images;
  const fresh = () => ({ of: [] as TrainingStep[], images: 0, started: performance.now() });
  let sums = fresh();
  return (step, figures, batch) => {
    sums.of.push(figures);
    sums.images += batch;
    if (Math.floor(passes(step)) === Math.floor(passes(step - 1)) && step !== steps) return;
    onEvent({
      type: 'pretrain-epoch',
      network: index + 1,
      networks: options.networks,
      epoch: step === steps ? epochs : Math.floor(passes(step)),
      epochs,
      loss: sums.of.reduce((sum, { loss }) => sum + loss, 0) / sums.of.length,
      trainAccuracy: (100 * sums.of.reduce((sum, { correct }) => sum + correct, 0)) / sums.images,
      seconds: (performance.now() - sums.started) / 1000,
    });
    sums = fresh();
  };
}
