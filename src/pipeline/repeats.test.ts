import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { RunDirectory, type RunEvent } from '../run/index.js';
import { liveTensors } from '../tensor/index.js';
import { evaluateSet } from './evaluate-set.js';
import { runPipeline } from './pipeline.js';
import { evaluateRepeats, forEachRepeat, repeatedAccuracy, repeatedPlans } from './repeats.js';
import type { PipelineRequest } from './run-context.js';

const quick: Plan = {
  ...smallPlan,
  distill: { ...smallPlan.distill, iterations: 4 },
  evaluate: { ...smallPlan.evaluate, length: { steps: 10 } },
};

/** A request for a run in a folder, which goes on with one that is there; its events are collected. */
function requestIn(folder: string, plan: Plan): PipelineRequest & { events: RunEvent[] } {
  const events: RunEvent[] = [];
  return {
    plan,
    directory: RunDirectory.create({ runs: folder, name: plan.name, existing: 'continue' }),
    cache: join(folder, 'cache'),
    onEvent: (event) => events.push(event),
    events,
  };
}

const imagesIn = (...path: string[]): Buffer =>
  readFileSync(join(...path, 'distilled', 'images.safetensors'));

describe('several distillations', () => {
  it('have seeds of their own, the first that of the plan', () => {
    const seeds = repeatedPlans({ ...quick, repeats: 3 }).map(({ seed }) => seed);
    expect(seeds[0]).toBe(quick.seed);
    expect(new Set(seeds).size).toBe(3);
    expect(repeatedPlans({ ...quick, repeats: 2 }).map(({ seed }) => seed)).toEqual(
      seeds.slice(0, 2),
    );
  });

  it('are each a run like any, with a pool, a start and an evaluation of its own', async () => {
    const before = liveTensors();
    const folder = temporaryFolder();
    const request = requestIn(folder, { ...quick, repeats: 2 });
    const result = await evaluateRepeats(request, runPipeline);
    if (!('runs' in result)) throw new Error('expected the results of both');
    const { accuracy, runs } = result;

    const alone = requestIn(join(folder), { ...quick, name: 'alone' });
    await runPipeline(alone);
    const whole = join(folder, quick.name);
    expect(imagesIn(whole).equals(imagesIn(folder, 'alone'))).toBe(true);
    const second = join(whole, 'repeats', '2');
    expect(imagesIn(second).equals(imagesIn(whole))).toBe(false);

    const [, plan] = repeatedPlans({ ...quick, repeats: 2 });
    const stored = readFileSync(join(second, 'config.yaml'), 'utf8');
    expect(stored).toMatch(new RegExp(`^seed: ${plan!.seed}$`, 'm'));
    expect(stored).toMatch(/^repeats: 1$/m);
    const trained = request.events.filter(({ type }) => type === 'pretrain-network-end');
    expect(trained).toHaveLength(2 * quick.pretrain.networks);

    expect(accuracy.distilled).toMatchObject({
      n: 2,
      trainings: 2,
      varies: ['distillation', 'training'],
    });
    expect(accuracy.distilled.distillations).toEqual(
      runs.map((run) => run.accuracy.distilled.mean),
    );
    const written = JSON.parse(readFileSync(join(whole, 'repeats.json'), 'utf8'));
    expect(written.accuracy).toEqual(accuracy);
    expect(existsSync(join(whole, 'repeats.svg'))).toBe(true);
    expect(liveTensors()).toBe(before);
  });

  it('that are done are not done again when more are asked for, or when they are evaluated', async () => {
    const folder = temporaryFolder();
    await forEachRepeat(requestIn(folder, { ...quick, repeats: 2 }), runPipeline);
    const more = requestIn(folder, { ...quick, repeats: 3 });
    await forEachRepeat(more, runPipeline);
    const count = (type: RunEvent['type'], events: RunEvent[]) =>
      events.filter((event) => event.type === type).length;
    expect(count('distill-iteration', more.events)).toBe(quick.distill.iterations);
    expect(count('pretrain-network-end', more.events)).toBe(quick.pretrain.networks);

    const again = requestIn(folder, { ...quick, repeats: 3 });
    const runs = await forEachRepeat(again, (each) => evaluateSet(each));
    expect(runs).toHaveLength(3);
    expect(count('evaluate-step', again.events)).toBe(0);
  });
});

describe('an accuracy over distillations', () => {
  it('has its deviation and interval between their means, and both sources of it', () => {
    const accuracy = repeatedAccuracy(
      [
        [80, 82],
        [84, 86],
      ],
      ['distillation', 'training'],
    );
    expect(accuracy).toMatchObject({ mean: 83, n: 2, distillations: [81, 85], trainings: 2 });
    expect(accuracy.std).toBeCloseTo(Math.sqrt(8), 10);
    expect(accuracy.components.training).toBeCloseTo(Math.sqrt(2), 10);
    expect(accuracy.components.distillation).toBeCloseTo(Math.sqrt(8 - 1), 10);
    // Student's quantile for one degree of freedom times the standard error, 2.
    expect(accuracy.interval95![1] - 83).toBeCloseTo(12.7062 * 2, 3);
  });
});
