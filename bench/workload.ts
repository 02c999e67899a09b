import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  arrayDataset,
  type Dataset,
  type ImageShape,
  type Normalization,
  RandomGenerator,
  type Tensor,
} from 'ncfm';
import { defaultSiamese, keepResident } from 'ncfm/data';
import {
  type CondenseOptions,
  Condenser,
  ExtractorPool,
  initializeSynthetic,
  type SyntheticImages,
  type TrainedPair,
} from 'ncfm/methods';
import { buildModel, type ImageModel } from 'ncfm/models';
import { flatten, loadPt, savePt, toDeviceOf } from 'ncfm/tensor';
import type { Problem } from './settings.js';

/** Files that both sides read: generated images, and networks with random weights. Only for timing. */
export interface Prepared {
  /** Bytes, class by class. */
  readonly realImages: string;
  /** State dictionaries: [initial, trained] of each network. */
  readonly networks: readonly (readonly [initial: string, trained: string])[];
  readonly normalization: Normalization;
}

const poolSize = 2;

/** Writes the files of a problem into a folder. */
export function prepare(problem: Problem, folder: string): Prepared {
  const realImages = join(folder, 'images.bin');
  writeFileSync(realImages, generateImages(problem));
  const networks = Array.from({ length: poolSize }, (_, index) => {
    const paths = ['initial', 'trained'].map((stage) => {
      const path = join(folder, `network-${index}-${stage}.pt`);
      using model = newModel(problem, new RandomGenerator(0).derive(`${index} ${stage}`));
      savePt(path, Object.fromEntries(model.state()));
      return path;
    });
    return paths as [string, string];
  });
  const channels = problem.shape[0];
  const normalization = {
    mean: new Array<number>(channels).fill(0.5),
    std: new Array<number>(channels).fill(0.25),
  };
  return { realImages, networks, normalization };
}

/** Waves that differ between classes and shift from image to image, with noise on top: structure, but no dataset. */
function generateImages({ shape, classes, storedPerClass }: Problem): Uint8Array {
  const [channels, height, width] = shape;
  const area = height * width;
  const pixels = new Uint8Array(classes * storedPerClass * channels * area);
  let state = 1;
  for (let image = 0, offset = 0; image < classes * storedPerClass; image++) {
    const label = Math.floor(image / storedPerClass);
    const wave = Float32Array.from({ length: area }, (_, pixel) => {
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      return (
        128 + 60 * WAVE[(row * (1 + (label % 5)) + column * (1 + label / 5) + 7 * image) & 63]!
      );
    });
    for (let value = 0; value < channels * area; value++, offset++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      pixels[offset] = wave[value % area]! + (state >>> 26);
    }
  }
  return pixels;
}

const WAVE = Float32Array.from({ length: 64 }, (_, index) => Math.sin((index * Math.PI) / 32));

/** Image size as the product names it. */
export function imageShape({ shape: [channels, height, width] }: Problem): ImageShape {
  return { channels, height, width };
}

/** A freshly initialised network of the problem's architecture. */
export function newModel(problem: Problem, random: RandomGenerator): ImageModel {
  const { width, classes } = problem;
  return buildModel({ name: 'convnet', width }, imageShape(problem), classes, random);
}

/** The generated images as a dataset in memory. */
export function openDataset(problem: Problem, { realImages, normalization }: Prepared): Dataset {
  const { classes, storedPerClass } = problem;
  return arrayDataset({
    name: 'generated',
    split: 'train',
    shape: imageShape(problem),
    pixels: readFileSync(realImages),
    labels: Int32Array.from({ length: classes * storedPerClass }, (_, index) =>
      Math.floor(index / storedPerClass),
    ),
    normalization,
  });
}

/** The networks as a pool in memory, and as experts that were trained for one epoch. */
export function openPool({ networks }: Prepared, device = 'cpu'): ExtractorPool {
  const read = (path: string) =>
    new Map([...readState(path)].map(([name, value]) => [name, toDeviceOf(value, device)]));
  const pairs = networks.map(
    ([initial, trained]): TrainedPair => ({ initial: read(initial), trained: read(trained) }),
  );
  return new ExtractorPool(pairs, {
    experts: pairs.length,
    parts: 1,
    hash: 'generated',
    row: (expert, part) => {
      const { initial, trained } = pairs[expert]!;
      return flatten([...(part === 0 ? initial : trained).values()]);
    },
  });
}

/** Reads a state dictionary. */
export function readState(path: string): Map<string, Tensor> {
  return new Map(Object.entries(loadPt(path) as Record<string, Tensor>));
}

/** Synthetic images at the `mix` start, scaled down as the official code does. */
export function openSynthetic(
  problem: Problem,
  dataset: Dataset,
  random: RandomGenerator,
): SyntheticImages {
  return initializeSynthetic(dataset, {
    imagesPerClass: problem.imagesPerClass,
    formation: { mode: 'single', factor: problem.factor },
    initialization: { kind: 'mix', filter: 'nearest' },
    random,
  });
}

export interface GameOptions {
  readonly psi: boolean;
  readonly amortise: number;
}

/** The settings of our iteration: plain matching with the official loss, weights and optimisers. */
export function condenseOptions(
  { realBatch, frequencies: count }: Problem,
  { psi, amortise }: GameOptions,
): CondenseOptions {
  return {
    iterations: 1_000_000,
    matching: { strategy: 'plain', realPerClass: realBatch },
    extractors: { kind: 'blend' },
    frequencies: psi
      ? {
          kind: 'sampling-network',
          count,
          scale: 'auto',
          optimizer: { kind: 'sgd', learningRate: 1e-3, momentum: 0.5 },
        }
      : { kind: 'gaussian', count, scale: 'auto' },
    alpha: 0.5,
    discrepancyWeight: 300,
    amortize: amortise,
    fineTuning: { kind: 'step', weight: 1 },
    optimizer: { kind: 'adamw', learningRate: 1e-3 },
    schedule: { kind: 'constant' },
    augmentation: defaultSiamese,
  };
}

/** Does something with a condenser of a problem, which is released afterwards. */
export function withCondenser<T>(
  problem: Problem,
  prepared: Prepared,
  { device = 'cpu', ...form }: GameOptions & { readonly device?: string },
  work: (condenser: Condenser) => T,
): T {
  const random = new RandomGenerator(0, device);
  const dataset = openDataset(problem, prepared);
  using _pixels = keepResident(dataset, device);
  using pool = openPool(prepared, device);
  using synthetic = openSynthetic(problem, dataset, random);
  using condenser = new Condenser({
    dataset,
    synthetic,
    pool,
    buildModel: () => newModel(problem, new RandomGenerator(0, device)),
    options: condenseOptions(problem, form),
    random,
  });
  return work(condenser);
}
