import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/reading.js';
import type { RunEvent } from '../run/index.js';
import { liveTensors, savePt, scope } from '../tensor/index.js';
import { tensor, testDevice, zeros } from '../tensor/testing/on-device.js';
import { distill } from './distill.js';
import { openDistilledSet } from './distilled-set.js';
import { compare, type EvaluateOptions, evaluate } from './evaluate.js';

const digits = await loadDigits();

const small = {
  seed: 5,
  device: testDevice,
  threads: 1,
  seeds: 2,
  length: { steps: 5 },
  model: { name: 'convnet', depth: 1, width: 4 },
} satisfies EvaluateOptions;

const distilling = {
  imagesPerClass: 1,
  iterations: 2,
  device: testDevice,
  threads: 1,
  model: small.model,
  pretrain: { networks: 1, length: { epochs: 1 } },
  matching: { realPerClass: 8 },
  frequencies: { count: 32 },
} as const;

describe('evaluate', () => {
  it('tells what networks learn from a set and from random images, of every architecture', async () => {
    const before = liveTensors();
    const set = await distill(digits, distilling);
    const { model: _, ...others } = small;
    const report = await evaluate(set, digits, { ...others, models: [small.model, 'mlp'] });
    expect(report.models.map(({ model }) => model.name)).toEqual(['convnet', 'mlp']);
    for (const { set, random } of report.models) {
      expect([set.trainings.length, random.trainings.length]).toEqual([2, 2]);
    }
    expect(report.models[0]!.set).toEqual(report.set);
    expect(report).toMatchObject({ dataset: 'digits', images: 40 });
    expect(report.protocol).toMatchObject({ name: 'custom', seeds: 2, length: { steps: 5 } });
    set.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('takes sets of other projects, and trains on equally many random images once for all', async () => {
    const path = join(temporaryFolder(), 'theirs.pt');
    scope(() => savePt(path, [zeros([10, 1, 8, 8]), tensor([...Array(10).keys()], [10], 'int64')]));
    using theirs = await openDistilledSet(path, { channels: 1 });
    using ours = await openDistilledSet(path, { channels: 1 });
    const events: RunEvent[] = [];
    const found = await compare({ ours, theirs }, digits, {
      ...small,
      onEvent: (event) => events.push(event),
    });
    expect(found.ours.random).toEqual(found.theirs.random);
    const trained = events.filter((event) => event.type === 'evaluate-seed-end' && !event.reused);
    expect(trained).toHaveLength(4);
    expect(() => theirs.save(temporaryFolder())).toThrow('theirs.pt does not say');
    await expect(theirs.export({ format: 'pt', out: 'none' })).rejects.toThrow('does not say');
  });

  it('tests on no images that the set may have been distilled from', async () => {
    using whole = await distill({ train: digits.train }, distilling);
    await expect(evaluate(whole, digits.train, small)).rejects.toThrow('give the test images');
    using parted = await distill(digits.train, distilling);
    expect((await evaluate(parted, digits.train, small)).set.trainings).toHaveLength(2);
  });

  it.each<[object, string]>([
    [{ seed: 1, lenght: {} }, "evaluate.lenght: unknown key; did you mean 'length'?"],
    [{ models: ['mlp', { name: 'mlp', depth: 1 }] }, 'models[1].depth: expected an integer from 2'],
    [{ models: [] }, 'models: expected a list of at least one network'],
    [{ model: { name: 'convnet', wdth: 1 } }, 'model.wdth: unknown key for the model convnet'],
    [{ seeds: 2, threads: 1, concurrency: 2 }, 'evaluate.concurrency: 2 networks at once'],
  ])('refuses wrong options: %j', async (options, expected) => {
    const path = join(temporaryFolder(), 'theirs.pt');
    scope(() => savePt(path, [zeros([10, 1, 8, 8]), tensor([...Array(10).keys()], [10], 'int64')]));
    using set = await openDistilledSet(path, { channels: 1 });
    await expect(evaluate(set, digits, options as EvaluateOptions)).rejects.toThrow(expected);
  });

  it('refuses data whose classes the set does not have', async () => {
    const path = join(temporaryFolder(), 'theirs.pt');
    scope(() => savePt(path, [zeros([2, 1, 8, 8]), tensor([0, 1], [2], 'int64')]));
    using set = await openDistilledSet(path, { channels: 1 });
    await expect(evaluate(set, digits, small)).rejects.toThrow("no image of digits's class");
  });
});
