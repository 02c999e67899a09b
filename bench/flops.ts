import type { Problem } from './settings.js';

/**
 * Arithmetic and memory traffic of the mathematical work, whatever a program does beyond it. A multiply-add counts as
 * two operations; only convolutions, projections and matrix products are counted, convolutions as direct ones.
 */
export interface Work {
  readonly flops: number;
  /** Bytes that must at least be read and written when convolution and normalisation are one pass each. */
  readonly bytes: number;
}

const depth = 3;
const none: Work = { flops: 0, bytes: 0 };

interface Block {
  readonly inputs: number;
  /** Side lengths of the convolution's output. */
  readonly height: number;
  readonly width: number;
}

function blocks({ shape: [channels, height, width], width: maps }: Problem): Block[] {
  const grown = channels === 1 && height === 28 && width === 28 ? 4 : 0;
  return Array.from({ length: depth }, (_, index) => ({
    inputs: index === 0 ? channels : maps,
    height: (height + grown) >> index,
    width: (width + grown) >> index,
  }));
}

/** d: the number of features per image. */
export function featureDimension(problem: Problem): number {
  const last = blocks(problem).at(-1)!;
  return problem.width * (last.height >> 1) * (last.width >> 1);
}

/** One image forward through the blocks: 2 · h·w · inputs · outputs · 3·3 for each. The same again backward to it. */
export function networkWork(problem: Problem): Work {
  return blocks(problem)
    .map(({ inputs, height, width }) => {
      const area = height * width;
      const flops = 2 * area * inputs * problem.width * 9;
      // Convolution reads its input and writes its output; the normalisation reads that and writes a quarter.
      const values = area * inputs + area * problem.width * (1 + 1 + 1 / 4);
      return { flops, bytes: 4 * values };
    })
    .reduce(plus);
}

/** The work of each phase of one iteration, averaged over the `amortise` iterations that share the real features. */
export interface IterationWork {
  readonly real: Work;
  readonly synthetic: Work;
  /** Forward and backward. */
  readonly fineTune: Work;
  readonly frequencies: Work;
  readonly characteristic: Work;
  /** That of the discrepancy, and of ψ with it. */
  readonly backward: Work;
  readonly total: Work;
}

/** Counts one iteration of a problem. */
export function iterationWork(
  problem: Problem,
  { psi, amortise }: { readonly psi: boolean; readonly amortise: number },
): IterationWork {
  const { classes, frequencies: count } = problem;
  const images = classes * problem.imagesPerClass * problem.factor ** 2;
  const realImages = classes * problem.realBatch;
  const dimension = featureDimension(problem);
  const network = networkWork(problem);
  const classifier = { flops: 2 * dimension * classes, bytes: 0 };
  const real = times(network, realImages / amortise);
  const synthetic = times(network, images);
  const fineTune = times(plus(network, classifier), 2 * images);
  const realProjection = product(realImages, dimension, count);
  const projection = product(images, dimension, count);
  const psiForward = psi ? times(product(count / 16, dimension, dimension), 3) : none;
  const psiBackward = psi ? [realProjection, projection, times(psiForward, 2)].reduce(plus) : none;
  const work = {
    real,
    synthetic,
    fineTune,
    frequencies: psiForward,
    characteristic: plus(realProjection, projection),
    backward: [projection, synthetic, psiBackward].reduce(plus),
  };
  return { ...work, total: Object.values(work).reduce(plus) };
}

/** [rows, inner] × [inner, columns]; the result is consumed as it is made. */
function product(rows: number, inner: number, columns: number): Work {
  return { flops: 2 * rows * inner * columns, bytes: 4 * (rows * inner + inner * columns) };
}

function plus(x: Work, y: Work): Work {
  return { flops: x.flops + y.flops, bytes: x.bytes + y.bytes };
}

function times(work: Work, factor: number): Work {
  return { flops: work.flops * factor, bytes: work.bytes * factor };
}
