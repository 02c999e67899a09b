import { existsSync } from 'node:fs';
import { fingerprint } from '../../core/index.js';
import type { Dataset } from '../../data/index.js';
import { evaluate } from '../../evaluate/evaluate.js';
import { stepsPerEvent } from '../../evaluate/evaluate-seed.js';
import type { EvaluateRequest } from '../../evaluate/request.js';
import { seedIdentity } from '../../evaluate/seed-identity.js';
import { sourceOf } from '../../evaluate/training-images.js';
import { buildModel, type ImageModel } from '../../models/index.js';
import { loadSafetensors, noGrad, saveSafetensors, scope, toDeviceOf } from '../../tensor/index.js';
import type { TestMetrics } from '../../train/metrics.js';
import { testNetwork } from '../../train/test-network.js';
import { type TrainingSource, train } from '../../train/train.js';

/** How a network is trained and tested, whatever it trains on. */
export type NetworkRequest = Omit<EvaluateRequest, 'data'>;

/** A network that the next step can go on with. */
export interface StoredNetwork {
  /** Of everything that its weights depend on, those of the steps before included. */
  readonly identity: string;
  readonly path: string;
}

export interface FineTuneRequest {
  /** The same as for the networks that are trained from scratch, but for the name of the set. */
  readonly evaluation: EvaluateRequest;
  readonly seed: number;
  /** The network of the step before; none for the first step. */
  readonly previous: StoredNetwork | undefined;
  /** Where the network is to be kept. */
  readonly path: string;
}

/**
 * Goes on training the network of the step before, on the whole memory as it now is and by the evaluation's protocol
 * from its beginning: a new optimiser, the whole schedule. The last layer gets outputs for the classes that have come,
 * with initial weights. The first step has no network before it: its own is the one that is trained from scratch.
 * Network and figures are kept.
 */
export async function fineTune(
  request: FineTuneRequest,
): Promise<{ readonly metrics: TestMetrics; readonly network: StoredNetwork }> {
  const { evaluation, seed, previous, path } = request;
  const { data, normalization, random } = evaluation;
  const identity = {
    network: seedIdentity(evaluation, seed),
    previous: previous?.identity ?? null,
  };
  const network = { identity: fingerprint(identity), path };
  const isThere = (): boolean => isKept(network);
  const metrics = await finishedOrNow({ evaluation, seed, identity, isThere }, () =>
    trainNetwork({
      evaluation,
      seed,
      source: () => sourceOf(data(seed), normalization, random.device),
      onBuilt: (model) => previous && takeOver(model, previous),
      onTrained: (model) => saveSafetensors(path, model.state(), { identity: network.identity }),
    }),
  );
  return { metrics, network };
}

/** Trains the bound, a network on all real images of the classes seen: by the protocol, with labels and without mixing. */
export async function trainJointly(
  evaluation: NetworkRequest,
  real: Dataset,
): Promise<TestMetrics> {
  const options = { ...evaluation.options, cutMix: 0, seeds: 1 };
  const { seeds } = await evaluate({ ...evaluation, data: () => real, options });
  return seeds[0]!.metrics;
}

/** The figures of a network, from an earlier process where it has finished them. */
async function finishedOrNow(
  {
    evaluation: { set, finished, onEvent },
    seed,
    identity,
    isThere,
  }: {
    readonly evaluation: NetworkRequest;
    readonly seed: number;
    readonly identity: object;
    /** Whether what else the network leaves is there. */
    readonly isThere: () => boolean;
  },
  work: () => Promise<TestMetrics>,
): Promise<TestMetrics> {
  const name = `${set}, seed ${seed}`;
  const found = finished?.read<TestMetrics>(name, identity);
  if (found !== undefined && isThere()) {
    const { accuracy } = found;
    onEvent({ type: 'evaluate-seed-end', set, seed, accuracy, seconds: 0, reused: true });
    return found;
  }
  const started = performance.now();
  const metrics = await work();
  finished?.write(name, identity, metrics);
  const seconds = (performance.now() - started) / 1000;
  onEvent({ type: 'evaluate-seed-end', set, seed, accuracy: metrics.accuracy, seconds });
  return metrics;
}

/** Trains one network as `evaluate` does, and tests it. */
async function trainNetwork({
  evaluation,
  seed,
  source,
  onBuilt,
  onTrained,
}: {
  readonly evaluation: NetworkRequest;
  readonly seed: number;
  readonly source: () => TrainingSource;
  readonly onBuilt?: (model: ImageModel) => void;
  readonly onTrained?: (model: ImageModel) => void;
}): Promise<TestMetrics> {
  const { test, testAtOnce, options, steps, signal } = evaluation;
  const random = evaluation.random.derive(`seed-${seed}`);
  using model = buildModel(evaluation.model, test.shape, test.classNames.length, random);
  onBuilt?.(model);
  const onStep = stepReporter(evaluation, seed);
  await train({ model, source: source(), steps, options, random, signal, onStep });
  onTrained?.(model);
  return await testNetwork(model, test, {
    device: random.device,
    imagesAtOnce: testAtOnce,
    signal,
  });
}

function stepReporter({ set, steps, onEvent }: NetworkRequest, seed: number) {
  const every = stepsPerEvent(steps);
  return (step: number, loss: number): void => {
    if (step % every !== 0 && step !== steps) return;
    onEvent({ type: 'evaluate-step', set, seed, step, steps, loss });
  };
}

/** Whether a network's file is there and whole; a damaged one counts as lost. */
function isKept({ identity, path }: StoredNetwork): boolean {
  if (!existsSync(path)) return false;
  try {
    const { tensors, metadata } = loadSafetensors(path);
    for (const tensor of tensors.values()) tensor.dispose();
    return metadata.identity === identity;
  } catch {
    return false;
  }
}

/**
 * Copies a network with fewer classes into one that has more: tensors of equal shape whole, and of the last layer the
 * rows of the old classes, which come first.
 */
function takeOver(model: ImageModel, { path }: StoredNetwork): void {
  scope(() =>
    noGrad(() => {
      const { tensors } = loadSafetensors(path);
      for (const [name, target] of model.state()) {
        const stored = toDeviceOf(tensors.get(name)!, target.device);
        const isWhole = stored.shape.join() === target.shape.join();
        (isWhole ? target : target.narrow(0, 0, stored.size(0))).copy_(stored);
      }
    }),
  );
}
