import { expect, it } from 'vitest';
import { defaultSiamese } from '../../augment/index.js';
import { keepResident } from '../../data/index.js';
import { fewDigits } from '../../distill/testing/digits.js';
import { buildModel } from '../../models/index.js';
import { standInDevice, synchronizingCalls } from '../../tensor/index.js';
import { describeOnStandIn, RandomGenerator } from '../../tensor/testing/on-device.js';
import { dm } from './method.js';

const digits = await fewDigits(3, 24);

describeOnStandIn('iterations of DM that are not waited for', () => {
  it('have the host wait for nothing until their reports are read', async () => {
    using _pixels = keepResident(digits, standInDevice);
    const random = new RandomGenerator(3, standInDevice);
    const options = dm.schema.parse({
      ...dm.defaults,
      imagesPerClass: 2,
      iterations: 10,
      realPerClass: 8,
      augmentation: { ...defaultSiamese },
    });
    using distiller = await dm.start({
      dataset: digits,
      options,
      buildModel: (source = random) =>
        buildModel({ name: 'convnet', depth: 2, width: 4 }, digits.shape, 3, source),
      random,
    });
    distiller.stepAhead!();
    const before = synchronizingCalls();
    const reports = Array.from({ length: 3 }, () => distiller.stepAhead!());
    expect(synchronizingCalls()).toBe(before);
    for (const report of reports) expect(report().loss).toBeGreaterThan(0);
    expect(synchronizingCalls()).toBe(before + 1);
    distiller.synthetic.dispose();
  });
});
