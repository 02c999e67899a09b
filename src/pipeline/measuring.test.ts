import { expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/reading.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { liveTensors } from '../tensor/index.js';
import { describeOnHost } from '../tensor/testing/on-device.js';
import { distillDataset } from './distill-dataset.js';

describeOnHost('measuring before a run', () => {
  /** The distilled images, bytes for bytes, and how often something was measured. */
  async function distilled(memory: Plan['memory']) {
    const { train } = await loadDigits();
    let measured = 0;
    using synthetic = await distillDataset({
      train,
      plan: { ...smallPlan, memory },
      cache: temporaryFolder(),
      onEvent: ({ type }) => {
        if (type === 'measure') measured += 1;
      },
    });
    return { images: Buffer.from(synthetic.images.toFloat32Array().buffer), measured };
  }

  it('changes nothing in what is distilled, and happens under a budget only', async () => {
    const before = liveTensors();
    const free = await distilled('auto');
    const under = await distilled(64e9);
    expect(free.measured).toBe(0);
    expect(under.measured).toBeGreaterThan(0);
    expect(under.images.equals(free.images)).toBe(true);
    expect(liveTensors()).toBe(before);
  });
});
