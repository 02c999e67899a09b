import { expect, it } from 'vitest';
import { loadDigits } from '../data/digits.js';
import { temporaryFolder } from '../run/testing/folder.js';
import { liveTensors, residentMemory } from '../tensor/index.js';
import { distillDataset } from './distill-dataset.js';
import { smallPlan } from './testing/plan.js';

it('needs no more memory after 800 iterations than after 400', async () => {
  const digits = await loadDigits();
  const live = new Map<number, number>();
  const resident = new Map<number, number>();
  const plan = { ...smallPlan, distill: { ...smallPlan.distill, iterations: 800 } };
  using synthetic = await distillDataset({
    train: digits.train,
    plan,
    cache: temporaryFolder(),
    onEvent: (event) => {
      if (event.type !== 'distill-iteration' || event.iteration % 100 !== 0) return;
      live.set(event.iteration, liveTensors());
      resident.set(event.iteration, residentMemory().current);
    },
  });
  expect(synthetic.images.shape).toEqual([20, 1, 8, 8]);
  expect([...live.keys()]).toEqual([100, 200, 300, 400, 500, 600, 700, 800]);
  expect(new Set(live.values()).size).toBe(1);
  const growth = (resident.get(800)! - resident.get(400)!) / 2 ** 20;
  expect(growth, 'growth of the resident memory in MiB').toBeLessThan(16);
});
