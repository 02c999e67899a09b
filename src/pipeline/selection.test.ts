import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/reading.js';
import { fewDigits } from '../distill/testing/digits.js';
import { selectionDefaults } from '../methods/schema.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { RunDirectory } from '../run/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { distillIdentity, distillOnly } from './pipeline.js';
import { requireEnoughImages } from './prepare.js';

const rded = { method: 'rded', imagesPerClass: 2, ...selectionDefaults, factor: 2 } as const;
const mosaics = { ...rded, candidates: 20, crops: 2, observers: 1 };

it('a choice of images is kept like a distilled set, without a curve of one point', async () => {
  const folder = temporaryFolder();
  const run = async (name: string, plan: Plan) => {
    const directory = RunDirectory.create({ runs: join(folder, 'runs'), name });
    await distillOnly({ plan, directory, cache: join(folder, 'cache'), onEvent: () => {} });
    const images = (set: string) => readFileSync(directory.pathOf(set, 'images.safetensors'));
    return { directory, start: images('start'), distilled: images('distilled') };
  };
  const plan = { ...smallPlan, distill: mosaics };
  const free = await run('free', plan);
  const tight = await run('tight', { ...plan, memory: 4e9 });
  const other = { method: 'herding', imagesPerClass: 2, ...selectionDefaults };
  const herding = await run('herding', { ...plan, distill: other });
  expect(tight.distilled.equals(free.distilled)).toBe(true);
  expect(herding.start.equals(free.start)).toBe(true);
  expect(herding.distilled.equals(free.distilled)).toBe(false);
  expect(existsSync(free.directory.pathOf('images.png'))).toBe(true);
  expect(existsSync(free.directory.pathOf('loss.svg'))).toBe(false);
});

it('a class with too few images for the patches of a set is told before anything runs', async () => {
  const few = await fewDigits(2, 7);
  expect(() => requireEnoughImages(few, mosaics)).toThrow(
    "few digits has 7 images of class '0', 8 are needed for 4 patches in each image",
  );
  expect(() => requireEnoughImages(few, { ...mosaics, factor: 5 })).toThrow(
    'distill.factor: expected auto or an integer from 1 to 4 for 8×8 images, found 5',
  );
});

it('the identity of a choice by forgetting has the training of its network', async () => {
  const data = await loadDigits();
  const identity = (method: string, steps: number): string => {
    const distill = { method, imagesPerClass: 1, ...selectionDefaults };
    const pretrain = { ...smallPlan.pretrain, length: { steps } };
    const plan = { ...smallPlan, distill, pretrain };
    return JSON.stringify(distillIdentity({ plan, data, random: new RandomGenerator(1) }));
  };
  expect(identity('forgetting', 5)).not.toBe(identity('forgetting', 6));
  expect(identity('random', 5)).toBe(identity('random', 6));
});
