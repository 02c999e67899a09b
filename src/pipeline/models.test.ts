import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import type { ModelOptions } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { RunDirectory } from '../run/index.js';
import { liveTensors } from '../tensor/index.js';
import { estimatePlan } from './estimate.js';
import { runPipeline } from './pipeline.js';

/** A run of a few steps. */
function shortPlan(model: ModelOptions, student: ModelOptions): Plan {
  return {
    ...smallPlan,
    model,
    student,
    pretrain: { ...smallPlan.pretrain, networks: 1, length: { steps: 8 } },
    distill: { ...smallPlan.distill, iterations: 3, fineTuning: { kind: 'joint', weight: 1 } },
    evaluate: { ...smallPlan.evaluate, length: { steps: 5 }, seeds: 1 },
  };
}

async function run(folder: string, name: string, plan: Plan) {
  const directory = RunDirectory.create({ runs: join(folder, 'runs'), name });
  const events: string[] = [];
  const result = await runPipeline({
    plan,
    directory,
    cache: join(folder, 'cache'),
    onEvent: ({ type }) => events.push(type),
  });
  return {
    result,
    events,
    images: readFileSync(directory.pathOf('distilled', 'images.safetensors')),
  };
}

describe('a run with other networks than the ConvNet', () => {
  it.each<[ModelOptions, ModelOptions]>([
    [
      { name: 'convnet', depth: 2, width: 4, norm: 'batch', pooling: 'max' },
      { name: 'resnet', depth: 10, width: 4, norm: 'batch' },
    ],
    [
      { name: 'convnext', depth: 1, width: 4 },
      { name: 'mlp', width: 16, dropout: 0.5 },
    ],
  ])(
    'with the extractors %o and the student %o works, and repeats itself from its pool',
    async (model, student) => {
      const plan = shortPlan(model, student);
      const folder = temporaryFolder();
      const before = liveTensors();
      const first = await run(folder, 'first', plan);
      const again = await run(folder, 'again', plan);
      expect(first.events).not.toContain('pretrain-reused');
      expect(again.events).toContain('pretrain-reused');
      expect(again.images.equals(first.images)).toBe(true);
      expect(again.result.accuracy).toEqual(first.result.accuracy);
      expect(liveTensors()).toBe(before);
    },
  );

  it('is estimated beforehand', async () => {
    const plan = shortPlan(
      { name: 'vgg', width: 4, norm: 'batch' },
      { name: 'densenet', width: 2 },
    );
    const before = liveTensors();
    const estimate = await estimatePlan({ plan, cache: temporaryFolder() });
    const stages = estimate.stages.map(({ stage }) => stage);
    expect(stages).toEqual(['pretrain', 'distill', 'evaluate']);
    expect(Number.isFinite(estimate.seconds)).toBe(true);
    expect(liveTensors()).toBe(before);
  });
});
