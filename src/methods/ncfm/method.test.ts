import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../data/index.js';
import { loadDigits } from '../../data/reading.js';
import { buildModel } from '../../models/index.js';
import { smallPlan } from '../../plan/testing/plan.js';
import { liveTensors } from '../../tensor/index.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { ExtractorPool } from '../../train/index.js';
import { ncfm } from './method.js';

describe('the kinds of iterations of NCFM', () => {
  it.each([
    [1, 300, [300]],
    [20, 1001, [51, 950]],
  ])('with amortize %i are as many of %i as these: %j', (amortize, iterations, counts) => {
    expect(ncfm.kinds!({ ...smallPlan.distill, amortize, iterations }).counts).toEqual(counts);
  });

  it('take turns between those that draw real images and others', async () => {
    const before = liveTensors();
    const { train } = await loadDigits();
    let reads = 0;
    const read: Dataset['read'] = (indices) => {
      reads += 1;
      return train.read(indices);
    };
    const random = new RandomGenerator(1);
    const build = () => buildModel(smallPlan.model, train.shape, 10, random);
    using pool = new ExtractorPool([{ initial: build().state(), trained: build().state() }]);
    const { options } = ncfm.kinds!({ ...smallPlan.distill, amortize: 20, iterations: 1001 });
    const dataset = { ...train, read };
    using distiller = await ncfm.start({ dataset, options, pool, buildModel: build, random });
    const drew = Array.from({ length: 4 }, () => {
      const earlier = reads;
      distiller.step();
      return reads > earlier;
    });
    expect(drew).toEqual([true, false, true, false]);
    distiller[Symbol.dispose]();
    distiller.synthetic.dispose();
    pool.dispose();
    expect(liveTensors()).toBe(before);
  });
});
