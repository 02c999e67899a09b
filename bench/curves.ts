import type { Attempt } from './against-rivals.js';
import type { Laboratory } from './measure.js';
import type { Axis, CurvePoint } from './results.js';
import type { Problem, Setting } from './settings.js';

const axes: readonly Axis[] = ['classes', 'images per class', 'side', 'frequencies', 'threads'];

interface Measured {
  readonly value: number;
  readonly problem: Problem;
  readonly threads?: number;
}

/** The middle of all curves. Few images are stored and drawn again and again; batches are as large all the same. */
const middle: Problem = {
  shape: [3, 32, 32],
  classes: 10,
  storedPerClass: 64,
  imagesPerClass: 10,
  factor: 2,
  realBatch: 256,
  frequencies: 1024,
  width: 64,
};

const shrunk: Problem = { ...middle, realBatch: 16, frequencies: 64, width: 8 };

function pointsOf(axis: Axis, base: Problem, threads: number): Measured[] {
  const grown = (values: readonly number[], grow: (value: number) => Partial<Problem>) =>
    values.map((value) => ({ value, problem: { ...base, ...grow(value) } }));
  switch (axis) {
    case 'classes':
      return grown([10, 50, 100, 200], (classes) => ({ classes }));
    case 'images per class':
      return grown([1, 10, 50, 100], (imagesPerClass) => ({
        imagesPerClass,
        storedPerClass: Math.max(base.storedPerClass, imagesPerClass * base.factor ** 2),
      }));
    case 'side':
      return grown([32, 64, 128], (side) => ({ shape: [3, side, side] }));
    case 'frequencies':
      return grown([256, 1024, 4096, 16_384], (frequencies) => ({ frequencies }));
    case 'threads':
      return Array.from({ length: threads }, (_, index) => ({
        ...{ value: index + 1, problem: base, threads: index + 1 },
      }));
  }
}

export interface CurveOptions {
  /** The most of the axis of threads. */
  readonly threads: number;
  readonly iterations: number;
  readonly tiny: boolean;
}

/** How time and memory of our iteration grow with the work. A point that fails is noted, and the others go on. */
export async function measureCurves(
  laboratory: Laboratory,
  { threads, iterations, tiny }: CurveOptions,
  attempt: Attempt,
): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const axis of axes) {
    for (const { value, problem, ...own } of pointsOf(axis, tiny ? shrunk : middle, threads)) {
      const setting: Pick<Setting, 'problem' | 'iterations' | 'warmUp'> = {
        problem,
        iterations: { ours: iterations, pytorch: 0 },
        warmUp: { ours: 1, pytorchClasses: 0 },
      };
      const result = await attempt(`${value} ${axis}`, () =>
        laboratory.ours(setting, { psi: false, amortise: 1 }, own.threads),
      );
      if (result === undefined) continue;
      const { seconds, peakBytes } = result;
      points.push({ axis, value, seconds: Math.min(...seconds), peakBytes });
    }
  }
  return points;
}
