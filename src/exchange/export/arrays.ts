import { join } from 'node:path';
import { encodeNpz, type NumpyArray } from '../../data/index.js';
import {
  savePt,
  saveSafetensors,
  type Tensor,
  tensor,
  writeFileAtomic,
} from '../../tensor/index.js';
import { writePair } from '../official-pair.js';
import type { ExportedSet } from './exported-set.js';

/** `data.pt`, the official project's `[images, labels]`, and `soft-labels.pt`, one tensor [n, classes]. */
export function writePt(folder: string, { images, labels, probabilities }: ExportedSet): void {
  using classes = int64(labels);
  writePair(join(folder, 'data.pt'), { images, labels: classes });
  if (probabilities) savePt(join(folder, 'soft-labels.pt'), probabilities);
}

/** `data.safetensors`: images float32, labels int64, probabilities float32; class names in the metadata. */
export function writeSafetensors(folder: string, set: ExportedSet): void {
  const { images, labels, probabilities, metadata } = set;
  using classes = int64(labels);
  const tensors = new Map<string, Tensor>([
    ['images', images],
    ['labels', classes],
    ...(probabilities ? [['probabilities', probabilities] as const] : []),
  ]);
  saveSafetensors(join(folder, 'data.safetensors'), tensors, {
    class_names: JSON.stringify(metadata.classNames),
  });
}

/** `data.npz`: images float32 [n, c, h, w], labels int64, probabilities float32; NumPy opens it without pickling. */
export function writeNpz(folder: string, { images, labels, probabilities }: ExportedSet): void {
  const floats = (values: Tensor): NumpyArray => ({
    shape: values.shape,
    values: values.toFloat32Array(),
  });
  const arrays = new Map<string, NumpyArray>([
    ['images', floats(images)],
    ['labels', { shape: [labels.length], values: BigInt64Array.from(labels, BigInt) }],
    ...(probabilities ? [['probabilities', floats(probabilities)] as const] : []),
  ]);
  writeFileAtomic(join(folder, 'data.npz'), encodeNpz(arrays));
}

function int64(labels: readonly number[]): Tensor {
  return tensor([...labels], [labels.length], 'int64');
}
