import {
  loadSafetensors,
  saveSafetensors,
  type Tensor,
  toDeviceOf,
  withoutPrefix,
  withPrefix,
} from '../tensor/index.js';
import type { TrainedPair } from './extractors.js';

const initialPrefix = 'initial.';
const trainedPrefix = 'trained.';

/** Writes a network before and after its training. */
export function storePair(path: string, pair: TrainedPair): void {
  const tensors = new Map([
    ...withPrefix(initialPrefix, pair.initial),
    ...withPrefix(trainedPrefix, pair.trained),
  ]);
  saveSafetensors(path, tensors, {});
}

/** Reads such a file; the tensors are the caller's. Throws UsageError when it is none. */
export function readPair(path: string): TrainedPair {
  const { tensors } = loadSafetensors(path);
  return {
    initial: withoutPrefix(initialPrefix, tensors),
    trained: withoutPrefix(trainedPrefix, tensors),
  };
}

/** The pair on another device; the one given is then released. */
export function onDevice(pair: TrainedPair, device: string): TrainedPair {
  if (device === 'cpu') return pair;
  const moved = (tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
    new Map(
      [...tensors].map(([name, value]) => {
        const there = toDeviceOf(value, device);
        value.dispose();
        return [name, there];
      }),
    );
  return { initial: moved(pair.initial), trained: moved(pair.trained) };
}
