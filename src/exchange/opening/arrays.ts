import { UsageError } from '../../core/index.js';
import { parsing, readWholeFile } from '../../data/formats/read-file.js';
import { type Dataset, pixelsToTensor } from '../../data/index.js';
import { loadWholeArrays, type NumpyArray, parseNpz } from '../../data/reading.js';
import { scope, type Tensor, tensor } from '../../tensor/index.js';
import type { LabelledSet } from './labelled-set.js';

/** A `.npz` or `.safetensors` file of images and labels. */
export async function openArrays(path: string): Promise<LabelledSet> {
  const dataset = await loadWholeArrays(path);
  const { labels, classNames } = dataset;
  return {
    images: imagesOf(dataset),
    labels: tensor(Array.from(labels), [labels.length], 'int64'),
    // Where a file does not name its classes, the reader calls them by their numbers: these are no names to find.
    ...(!isCounted(classNames) && { classNames }),
  };
}

function imagesOf(dataset: Dataset): Tensor {
  const count = dataset.labels.length;
  const pixels = dataset.read(Int32Array.from({ length: count }, (_, index) => index));
  return scope(() => pixelsToTensor(pixels, count, dataset.shape, 'cpu'));
}

/** '0', '1', … in order. */
function isCounted(names: readonly string[]): boolean {
  return names.every((name, index) => name === String(index));
}

/**
 * The named arrays of a `.npz` file as tensors, the caller's; names that it lacks are left out.
 *
 * @throws UsageError naming the file if it is damaged, or one of the arrays holds no numbers.
 */
export async function tensorsOfNpz(
  path: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Tensor>> {
  const bytes = await readWholeFile(path);
  const arrays = await parsing(path, () => parseNpz(bytes, (name) => names.includes(name)));
  return scope(
    () =>
      new Map(
        [...arrays].map(([name, array]) => {
          if ('values' in array) return [name, tensorOf(array)];
          throw new UsageError(`${path}: ${name} holds texts, expected numbers`);
        }),
      ),
  );
}

function tensorOf({ shape, values }: NumpyArray): Tensor {
  if (values instanceof Float32Array || values instanceof BigInt64Array)
    return tensor(values, shape);
  return tensor(Float64Array.from(values as ArrayLike<number>, Number), shape);
}
