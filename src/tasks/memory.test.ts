import { expect, it } from 'vitest';
import { loadDigits } from '../data/digits.js';
import { temporaryFolder } from '../run/testing/folder.js';
import { liveTensors } from '../tensor/index.js';
import { distillDataset } from './distill-dataset.js';
import { smallPlan } from './testing/plan.js';

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
