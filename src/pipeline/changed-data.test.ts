import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { encodeNpz } from '../data/reading.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { RunDirectory } from '../run/index.js';
import { evaluateArchitectures, evaluateSet, rank } from './evaluate-set.js';
import { labelRun } from './label-run.js';
import { distillOnly } from './pipeline.js';
import type { PipelineRequest } from './run-context.js';

const pixels = (count: number): Uint8Array =>
  Uint8Array.from({ length: count * 64 }, (_, index) => (index * 37) % 251);
const classes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i % 2);

function writeData(path: string, testPixel: number): void {
  const test = pixels(10);
  test[0] = testPixel;
  const arrays = {
    x_train: { shape: [40, 8, 8], values: pixels(40) },
    y_train: { shape: [40], values: classes(40) },
    x_test: { shape: [10, 8, 8], values: test },
    y_test: { shape: [10], values: classes(10) },
  } as const;
  writeFileSync(path, encodeNpz(new Map(Object.entries(arrays))));
}

it('a run is neither evaluated nor labelled on other data than its own', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'own.npz');
  writeData(path, 1);
  const { name: _, ...choice } = smallPlan.dataset;
  const plan: Plan = {
    ...smallPlan,
    dataset: { ...choice, path },
    pretrain: { ...smallPlan.pretrain, networks: 1, length: { steps: 2 } },
    distill: { ...smallPlan.distill, iterations: 1 },
    evaluate: { ...smallPlan.evaluate, seeds: 1, length: { steps: 2 } },
  };
  const directory = RunDirectory.create({ runs: folder, name: 'own' });
  const request: PipelineRequest = { plan, directory, cache: folder, onEvent: () => {} };
  await distillOnly(request);
  expect((await evaluateSet(request)).accuracy.random.n).toBe(1);

  writeData(path, 2);
  const tasks = {
    evaluateSet,
    rank,
    labelRun,
    architectures: (request: PipelineRequest) => evaluateArchitectures(request, [plan.student]),
  };
  for (const [name, task] of Object.entries(tasks)) {
    await expect(task(request), name).rejects.toThrow(UsageError);
    await expect(task(request), name).rejects.toThrow(
      `the run ${directory.path} was begun with other data than is in ${path}: the test images differ`,
    );
  }

  writeData(path, 1);
  expect((await labelRun(request)).images).toBe(4);
});
