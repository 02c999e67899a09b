import { describe, expect, it } from 'vitest';
import { type Dataset, loadDigits } from '../data/index.js';
import { buildModel } from '../models/index.js';
import { smallPlan } from '../plan/testing/plan.js';
import { liveTensors } from '../tensor/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { ExtractorPool } from '../train/index.js';
import { openDistiller } from './distiller.js';

describe('a distillation to be measured', () => {
  /** Opened on the digits; `reads` counts how often real images were looked at. */
  async function opened(amortize: number, iterations: number) {
    const { train } = await loadDigits();
    const counted = { reads: 0 };
    const read: Dataset['read'] = (indices) => {
      counted.reads += 1;
      return train.read(indices);
    };
    const random = new RandomGenerator(1);
    const build = () => buildModel(smallPlan.model, train.shape, 10, random);
    const pool = new ExtractorPool([{ initial: build().state(), trained: build().state() }]);
    const distiller = await openDistiller({
      plan: { ...smallPlan, distill: { ...smallPlan.distill, amortize, iterations } },
      train: { ...train, read },
      pool,
      buildModel: build,
      chunks: { real: 1000, synthetic: 10 },
      random,
    });
    return { pool, distiller, counted };
  }

  it('has as many iterations of each kind as the plan', async () => {
    for (const [amortize, iterations, turns] of [
      [1, 300, [300]],
      [20, 1001, [51, 950]],
    ] as const) {
      const { pool, distiller } = await opened(amortize, iterations);
      expect(distiller.turns).toEqual(turns);
      distiller[Symbol.dispose]();
      pool.dispose();
    }
  });

  it('takes turns between iterations that draw real images and others', async () => {
    const before = liveTensors();
    const { pool, distiller, counted } = await opened(20, 1001);
    const drew = Array.from({ length: 4 }, () => {
      const { reads } = counted;
      distiller.step();
      return counted.reads > reads;
    });
    expect(drew).toEqual([true, false, true, false]);
    distiller[Symbol.dispose]();
    pool.dispose();
    expect(liveTensors()).toBe(before);
  });
});
