import { join } from 'node:path';
import { writeFileAtomic } from '../../core/index.js';
import { encodeNpz, type NumpyArray } from '../../data/reading.js';
import { savePt, saveSafetensors, type Tensor, tensor } from '../../tensor/index.js';
import { writePair } from '../official-pair.js';
import type { ExportedSet } from './exported-set.js';
import { dataFiles, softLabelFiles, softLabelsName } from './files.js';

/** `data.pt`, the official project's `[images, labels]`, and `soft-labels.pt`, one tensor [n, classes]. */
export function writePt(folder: string, { images, labels, probabilities }: ExportedSet): void {
  using classes = int64(labels);
  writePair(join(folder, dataFiles.pt), { images, labels: classes });
  if (probabilities) savePt(join(folder, softLabelFiles.pt), probabilities);
}

/** `data.safetensors`: images float32, labels int64, probabilities float32; class names in the metadata. */
export function writeSafetensors(folder: string, set: ExportedSet): void {
  const { images, labels, probabilities, metadata } = set;
  using classes = int64(labels);
  const tensors = new Map<string, Tensor>([
    ['images', images],
    ['labels', classes],
    ...(probabilities ? [[softLabelsName, probabilities] as const] : []),
  ]);
  saveSafetensors(join(folder, dataFiles.safetensors), tensors, {
    class_names: JSON.stringify(metadata.classNames),
  });
}

/** `data.npz`: images float32 [n, c, h, w], labels int64, probabilities float32; NumPy opens it without pickling. */
export function writeNpz(folder: string, { images, labels, probabilities }: ExportedSet): void {
  const arrays = new Map<string, NumpyArray>([
    ['images', floats(images)],
    ['labels', { shape: [labels.length], values: BigInt64Array.from(labels, BigInt) }],
    ...(probabilities ? [[softLabelsName, floats(probabilities)] as const] : []),
  ]);
  writeFileAtomic(join(folder, dataFiles.npz), encodeNpz(arrays));
}

/** `soft-labels.npz`: probabilities float32 [n, classes], for formats that cannot hold them. */
export function writeSoftLabels(folder: string, probabilities: Tensor): void {
  const arrays = new Map([[softLabelsName, floats(probabilities)]]);
  writeFileAtomic(join(folder, softLabelFiles.png), encodeNpz(arrays));
}

function floats(values: Tensor): NumpyArray {
  return { shape: values.shape, values: values.toFloat32Array() };
}

function int64(labels: readonly number[]): Tensor {
  return tensor([...labels], [labels.length], 'int64');
}
