import { noGrad, scope, type Tensor, tensor, toDeviceOf, zeros } from '../../tensor/index.js';
import type { Choice } from './choice.js';
import { firstLargest } from './largest.js';

/**
 * Herding (Welling, ICML 2009), as iCaRL (Rebuffi et al., CVPR 2017, algorithm 4) chooses exemplars: one after another,
 * the row that brings the mean of the chosen rows nearest to the mean of all. Any first part of the choice is therefore
 * the choice of fewer. No row is chosen twice; of equally good ones the first is.
 *
 * @param features [n, d]; iCaRL's are scaled to length 1
 * @param count from 0 to n
 * @returns row numbers, in the order chosen; the loss is the distance of the chosen rows' mean from that of all
 */
export function herd(features: Tensor, count: number): Choice {
  return scope(() =>
    noGrad(() => {
      const mean = features.mean([0]);
      const lengths = scope(() => features.square().sum([1]));
      const chosen: number[] = [];
      let sum = zeros([features.size(1)], { device: features.device });
      while (chosen.length < count) {
        // |(k + 1)·mean − sum − row|², but for what is the same for every row, and turned over.
        const wanted = mean.mul(chosen.length + 1).sub(sum);
        const scores = features.matmul(wanted).mul(2).sub(lengths);
        const next = firstLargest(scores.toFloat32Array(), chosen);
        chosen.push(next);
        const row = toDeviceOf(tensor(Int32Array.of(next)), features.device);
        sum = sum.add(features.indexSelect(0, row).squeeze(0));
      }
      const gap = sum.div(Math.max(1, count)).sub(mean);
      return { positions: Int32Array.from(chosen), loss: gap.square().sum().sqrt().item() };
    }),
  );
}
