import { expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/readers/digits.js';
import { smallPlan } from '../plan/testing/plan.js';
import { liveTensors } from '../tensor/index.js';
import { distillDataset } from './distill-dataset.js';

// The resident memory is the system's affair too: test/slow measures its growth, over ten thousand iterations.
it('holds as many tensors after 800 iterations as after 100', async () => {
  const digits = await loadDigits();
  const live: number[] = [];
  const plan = { ...smallPlan, distill: { ...smallPlan.distill, iterations: 800 } };
  using synthetic = await distillDataset({
    train: digits.train,
    plan,
    cache: temporaryFolder(),
    onEvent: (event) => {
      if (event.type !== 'distill-iteration' || event.iteration % 100 !== 0) return;
      live.push(liveTensors());
    },
  });
  expect(synthetic.images.shape).toEqual([20, 1, 8, 8]);
  expect(live).toEqual(Array(8).fill(live[0]));
});
