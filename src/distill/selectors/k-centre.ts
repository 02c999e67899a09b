import { noGrad, scope, type Tensor, tensor, toDeviceOf } from '../../tensor/index.js';
import type { Choice } from './choice.js';
import { firstLargest } from './largest.js';

/**
 * Greedy k-centre (Gonzalez, 1985; Sener and Savarese, ICLR 2018): begins with the row nearest to the mean, and then
 * takes, one after another, the row that is farthest from those chosen. The farthest row is then at most twice as far
 * from the chosen as the best choice would have it. No row is chosen twice; of equally far ones the first is chosen.
 *
 * @param features [n, d]
 * @param count from 0 to n
 * @returns row numbers, in the order chosen; the loss is the largest distance of a row from the nearest chosen one
 */
export function kCentre(features: Tensor, count: number): Choice {
  return scope(() =>
    noGrad(() => {
      const chosen: number[] = [];
      const toMean = squaredDistances(features, features.mean([0], true)).toFloat32Array();
      const distances = new Float32Array(features.size(0)).fill(Number.POSITIVE_INFINITY);
      while (chosen.length < count) {
        const next =
          chosen.length === 0
            ? firstLargest(
                toMean.map((distance) => -distance),
                [],
              )
            : firstLargest(distances, chosen);
        chosen.push(next);
        const row = toDeviceOf(tensor(Int32Array.of(next)), features.device);
        const toNext = squaredDistances(features, features.indexSelect(0, row)).toFloat32Array();
        for (const [position, distance] of toNext.entries()) {
          distances[position] = Math.min(distances[position]!, distance);
        }
      }
      const farthest = distances.reduce((most, distance) => Math.max(most, distance), 0);
      return { positions: Int32Array.from(chosen), loss: Math.sqrt(farthest) };
    }),
  );
}

/** Of each row [n, d] to the one row of `centre` [1, d]: [n]. */
function squaredDistances(features: Tensor, centre: Tensor): Tensor {
  return scope(() => features.sub(centre).square().sum([1]));
}
