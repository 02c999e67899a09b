import { join } from 'node:path';
import { type Artifacts, fingerprint } from '../../core/index.js';
import type { Dataset } from '../../data/index.js';
import { evaluate, finishedSeed } from '../../evaluate/evaluate.js';
import type { EvaluateRequest } from '../../evaluate/request.js';
import { seedIdentity } from '../../evaluate/seed-identity.js';
import type { ImageModel } from '../../models/index.js';
import { computedBy } from '../../tensor/computed-by.js';
import { loadSafetensors, noGrad, saveSafetensors, scope, toDeviceOf } from '../../tensor/index.js';
import type { TestMetrics } from '../../train/metrics.js';

/** How a network is trained and tested, whatever it trains on. */
export type NetworkRequest = Omit<EvaluateRequest, 'data'> & { readonly finished: Artifacts };

/** A network that the next step can go on with. */
export interface StoredNetwork {
  /** Of everything that its weights depend on, those of the steps before included. */
  readonly identity: string;
  readonly path: string;
}

/**
 * Goes on training the network of the step before, on the whole memory as it now is and by the evaluation's protocol
 * from its beginning: a new optimiser, the whole schedule. The last layer gets outputs for the classes that have come,
 * with initial weights. The first step has no network before it: its own is the one that is trained from scratch.
 * Network and figures are kept, the network as `file` in the folder of finished work.
 */
export async function fineTune(
  evaluation: EvaluateRequest & NetworkRequest,
  seed: number,
  { file, previous }: { readonly file: string; readonly previous: StoredNetwork | undefined },
): Promise<{ readonly metrics: TestMetrics; readonly network: StoredNetwork }> {
  const { finished, random } = evaluation;
  const path = join(finished.folder, file);
  const inputs = {
    previous: previous?.identity ?? null,
    takenOverBy: computedBy('./networks.js', import.meta.url, random.device),
  };
  const { metrics } = await finishedSeed(evaluation, seed, {
    inputs,
    files: [file],
    onBuilt: (model) => previous && takeOver(model, previous),
    onTrained: (model) => saveSafetensors(path, model.state(), {}),
  });
  const identity = fingerprint({ ...seedIdentity(evaluation, seed), ...inputs });
  return { metrics, network: { identity, path } };
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
