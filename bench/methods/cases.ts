import type { Problem } from '../settings.js';

/** T inner steps of MTT or TESLA, each on so many synthetic images. */
export interface InnerLoop {
  readonly innerSteps: number;
  readonly images: number;
}

/** What is played: an iteration of a method. */
export type Work =
  | { readonly method: 'ncfm'; readonly psi: boolean }
  | ({ readonly method: 'tesla' | 'mtt' } & InnerLoop);

/**
 * Who computes it.
 * - ours: the product
 * - libtorch: the product, its networks by LibTorch's operators in place of our kernels
 * - official: what the official implementation does: NCFM by the PyTorch program, MTT with a graph through all inner steps,
 *   TESLA in its two passes, all images of a step at once
 */
export const forms = ['ours', 'libtorch', 'official'] as const;
export type Form = (typeof forms)[number];

export interface Cost {
  /** Of an iteration. */
  readonly seconds: number;
  /** Memory at its greatest; null where it was not measured. */
  readonly bytes: number | null;
}

/** Methods side by side on data of one shape. */
export interface Comparison {
  readonly name: string;
  readonly title: string;
  /** The data, and NCFM's settings; the rivals have formation factor 1. */
  readonly problem: Problem;
  /** Those of MTT's and TESLA's published settings first. */
  readonly loops: readonly InnerLoop[];
  /** Table 3 of the NCFM paper (one A100 of 80 GB); null for what did not fit. */
  readonly paper: Readonly<Record<'off' | 'on' | 'tesla' | 'mtt', Cost | null>>;
}

const cost = (seconds: number, gigabytes: number): Cost => ({ seconds, bytes: gigabytes * 1e9 });

const cifar100: Problem = {
  shape: [3, 32, 32],
  classes: 100,
  // Drawn again and again: the batches are as large as those of 500 images.
  storedPerClass: 64,
  imagesPerClass: 10,
  factor: 2,
  realBatch: 500,
  frequencies: 4096,
  width: 128,
};

export const comparisons: readonly Comparison[] = [
  {
    name: 'cifar100-ipc10',
    title: "CIFAR-100's shape (3×32×32, 100 classes, ConvNet-3), 10 images per class",
    problem: cifar100,
    loops: [{ innerSteps: 20, images: 1000 }],
    paper: {
      off: cost(0.73, 1.4),
      on: cost(1.33, 1.6),
      tesla: cost(5.71, 10.3),
      mtt: cost(1.92, 61.6),
    },
  },
  {
    name: 'cifar100-ipc50',
    title: "CIFAR-100's shape, 50 images per class",
    problem: { ...cifar100, imagesPerClass: 50 },
    loops: [
      { innerSteps: 80, images: 125 },
      { innerSteps: 20, images: 5000 },
    ],
    paper: { off: cost(0.96, 1.9), on: cost(1.36, 2), tesla: cost(28.24, 44.2), mtt: null },
  },
  {
    name: 'tiny-ipc10',
    title: "Tiny ImageNet's shape (3×64×64, 200 classes, ConvNet-4), 10 images per class",
    problem: { ...cifar100, shape: [3, 64, 64], classes: 200 },
    loops: [
      { innerSteps: 20, images: 200 },
      { innerSteps: 20, images: 2000 },
    ],
    paper: { off: cost(2.4, 6.4), on: cost(3.27, 6.5), tesla: cost(42.01, 69.6), mtt: null },
  },
];

/** The same with everything small, to try the benchmark itself; its figures mean nothing. */
export function shrunk(comparison: Comparison): Comparison {
  const { problem, loops } = comparison;
  return {
    ...comparison,
    problem: { ...problem, classes: 10, realBatch: 32, frequencies: 256, width: 8 },
    loops: loops.map(({ images }, index) => ({
      innerSteps: 4 + index,
      images: Math.min(images, 40),
    })),
  };
}
