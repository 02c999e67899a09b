import { expect, it } from 'vitest';
import { temporaryFolder } from '../../src/core/testing/folder.js';
import { loadDigits } from '../../src/data/readers/digits.js';
import { distillDataset } from '../../src/pipeline/distill-dataset.js';
import { smallPlan } from '../../src/plan/testing/plan.js';
import { liveTensors, residentMemory } from '../../src/tensor/index.js';

const ITERATIONS = 10_000;

/** Until then caches fill, and code is compiled. */
const WARM_UP = 2_000;

/** Bytes for each iteration. The smallest tensor of images of this run has 5 KiB: one that was kept would show. */
const MOST_GROWTH = 2048;

/** Least squares through points. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const shared = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return shared / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

it('ten thousand iterations need no more memory and tensors than two thousand', async () => {
  const digits = await loadDigits();
  const live = new Set<number>();
  const resident: [iteration: number, bytes: number][] = [];
  const frequencies = { kind: 'gaussian', count: 16, scale: 'auto' } as const;
  using synthetic = await distillDataset({
    train: digits.train,
    plan: { ...smallPlan, distill: { ...smallPlan.distill, iterations: ITERATIONS, frequencies } },
    cache: temporaryFolder(),
    onEvent: (event) => {
      if (event.type !== 'distill-iteration' || event.iteration % 50 !== 0) return;
      if (event.iteration < WARM_UP) return;
      live.add(liveTensors());
      resident.push([event.iteration, residentMemory().current]);
    },
  });
  expect(synthetic.images.shape).toEqual([20, 1, 8, 8]);
  expect(resident.length).toBeGreaterThan(100);
  const growth = slope(resident);
  const megabytes = resident.map(([, bytes]) => bytes / 2 ** 20);
  console.log(
    `${ITERATIONS} iterations: ${[...live].join(', ')} live tensors; resident memory ${Math.min(...megabytes).toFixed(0)} ` +
      `to ${Math.max(...megabytes).toFixed(0)} MiB, ${growth.toFixed(0)} bytes more for each iteration`,
  );
  expect(live.size).toBe(1);
  expect(growth).toBeLessThan(MOST_GROWTH);
});
