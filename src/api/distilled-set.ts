import { join } from 'node:path';
import { type ImageShape, type Normalization, TemporaryFolder, UsageError } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import {
  decode,
  type Formation,
  labelsByClass,
  type SetSource,
  type SyntheticImages,
  saveDistilled,
  sourceOf,
} from '../distill/index.js';
import type {
  DistilledImages,
  ExportForm,
  ExportFormat,
  ExportResult,
  OpenSetOptions,
} from '../exchange/index.js';
import { keep, noGrad, scope, type Tensor } from '../tensor/index.js';

/** Images and labels as plain arrays. */
export interface SetArrays {
  /** [n, channels, height, width] in [0, 1], row-major. */
  readonly pixels: Float32Array;
  /** One class number per image. */
  readonly labels: number[];
  readonly shape: ImageShape;
}

export interface SetExport {
  readonly format: ExportFormat;
  readonly out: string;
  /** decoded (the usual): the images that networks are trained on; stored: those that were optimised. */
  readonly form?: ExportForm;
  readonly replace?: boolean;
}

/** What is known of the data that a set was distilled from. */
type Source = SetSource & Pick<Dataset, 'classNames' | 'normalization'>;

/**
 * A distilled set, ours or another project's. It owns its tensors until it is disposed: `using set = …`, or
 * `set.dispose()` in a `finally`.
 */
export class DistilledSet implements DistilledImages {
  readonly path: string;
  readonly origin: DistilledImages['origin'];
  /** As stored, class by class: [n, c, h, w] in [0, 1]. */
  readonly images: Tensor;
  /** [n], int64, ascending. */
  readonly labels: Tensor;
  /** Soft labels of the training images that the set decodes into. */
  declare readonly probabilities?: Tensor;
  readonly formation: Formation;
  /** By class number; absent where the set has none. */
  declare readonly classNames?: readonly string[];
  /** What it was distilled from, where the set says so. */
  declare readonly dataset?: SetSource;
  /** What networks see is normalised by; absent where the set does not say. */
  declare readonly normalization?: Normalization;
  /** Learning rate of plain descent that was learned with the images, where there is one. */
  declare readonly stepSize?: number;

  /** Takes the tensors over. */
  constructor(set: Omit<DistilledImages, typeof Symbol.dispose>) {
    this.path = set.path;
    this.origin = set.origin;
    this.images = keep(set.images);
    this.labels = keep(set.labels);
    this.formation = set.formation;
    if (set.probabilities) this.probabilities = keep(set.probabilities);
    if (set.classNames) this.classNames = set.classNames;
    if (set.dataset) this.dataset = set.dataset;
    if (set.normalization) this.normalization = set.normalization;
    if (set.stepSize !== undefined) this.stepSize = set.stepSize;
  }

  /** The images as they are stored; they may hold several training images each, see `decoded`. */
  stored(): SetArrays {
    return arraysOf(this.images, Array.from(this.labels.toArray(), Number));
  }

  /** The images that networks are trained on. */
  decoded(): SetArrays {
    const stored = Array.from(this.labels.toArray(), Number);
    const classes = new Set(stored).size;
    return scope(() => {
      const images = noGrad(() => decode(this.images, classes, this.formation));
      const perClass = images.size(0) / classes;
      const present = [...new Set(stored)];
      const labels = present.flatMap((label) => new Array<number>(perClass).fill(label));
      return arraysOf(images, labels);
    });
  }

  /**
   * Writes the set into a folder, which `openDistilledSet` and `ncfm export` read: images.safetensors and metadata.json.
   * @throws UsageError for a set of another project, or one with soft labels, which the folder has no place for
   */
  save(folder: string): void {
    if (this.probabilities !== undefined) {
      throw new UsageError(`${this.path} has soft labels; write it with export, which keeps them`);
    }
    const { images, formation, classNames, dataset, normalization } = this.#described();
    const classes = classNames.length;
    const imagesPerClass = images.size(0) / classes;
    const [, channels, height, width] = images.shape as [number, number, number, number];
    const shape = { channels, height, width };
    const source = { ...dataset, classNames, shape, normalization };
    const { stepSize } = this;
    saveDistilled(folder, { images, classes, imagesPerClass, formation, stepSize }, source);
  }

  /**
   * Writes the set in another format, with a dataset card, into a folder of its own.
   * @throws UsageError for a set of another project, or where the folder exists already and is not to be replaced
   */
  async export({
    form = 'decoded',
    replace = false,
    ...request
  }: SetExport): Promise<ExportResult> {
    const { exportRun } = await import('../exchange/export/index.js');
    const asked = { ...request, form, replace };
    if (this.origin === 'run') return await exportRun({ run: this.path, ...asked });
    using temporary = new TemporaryFolder('export');
    const run = join(temporary.path, 'distilled');
    this.save(run);
    return await exportRun({ run, ...asked });
  }

  /** Releases the tensors; again does nothing. */
  dispose(): void {
    for (const tensor of [this.images, this.labels, this.probabilities]) tensor?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #described() {
    const { images, formation, classNames, dataset, normalization } = this;
    if (classNames && dataset && normalization) {
      return { images, formation, classNames, dataset, normalization };
    }
    throw new UsageError(
      `${this.path} does not say what it was distilled from and what its images are normalised by; only sets that ncfm has distilled are written`,
    );
  }
}

/** The set of images that a distillation has made; takes them over. */
export function setOf(synthetic: SyntheticImages, source: Source): DistilledSet {
  const { images, classes, imagesPerClass, formation, stepSize } = synthetic;
  const { classNames, normalization } = source;
  return new DistilledSet({
    path: 'the distilled set',
    origin: 'memory',
    images: images.setRequiresGrad(false),
    labels: labelsByClass(classes, imagesPerClass, 'cpu'),
    formation,
    classNames,
    dataset: sourceOf(source),
    normalization,
    ...(stepSize !== undefined && { stepSize }),
  });
}

/**
 * Opens a distilled set wherever it comes from: a run directory, a folder that `save` has written, an export, a `.pt`
 * file `[images, labels]`, a `.npz`, `.safetensors` or `.parquet` file, or a folder of class folders of pictures.
 *
 * @throws UsageError naming the file when there is none, or it does not hold such a set
 */
export async function openDistilledSet(
  path: string,
  options: OpenSetOptions = {},
): Promise<DistilledSet> {
  const exchange = await import('../exchange/distilled-set.js');
  return new DistilledSet(await exchange.openDistilledSet(path, options));
}

function arraysOf(images: Tensor, labels: number[]): SetArrays {
  const [, channels, height, width] = images.shape as [number, number, number, number];
  return { pixels: images.toFloat32Array(), labels, shape: { channels, height, width } };
}
