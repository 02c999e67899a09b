import { describe, expect, it } from 'vitest';
import { smallPlan } from '../plan/testing/plan.js';
import { hostDevice } from '../tensor/testing/on-device.js';
import { chooseEvaluationWorkers } from './choose-workers.js';

const { evaluate } = smallPlan;

function choice(threads: number, changes: Partial<typeof evaluate>, device = hostDevice) {
  const each = { ...evaluate, seeds: 3, ...changes };
  return chooseEvaluationWorkers({ threads, device, evaluate: each });
}

const onTheFly = {
  mode: 'on-the-fly',
  teacher: { kind: 'pool', networks: 'all' },
  temperature: 1,
  correctToHard: false,
  hardShare: 0,
} as const;

describe('the networks that an evaluation trains at once', () => {
  it('share the threads evenly', () => {
    expect(choice(8, { concurrency: 1 })).toEqual({ workers: 1, threads: 8 });
    expect(choice(8, { concurrency: 3 })).toEqual({ workers: 3, threads: 2 });
    expect(choice(2, { concurrency: 2 })).toEqual({ workers: 2, threads: 1 });
  });

  it('are as many as there are threads when that is automatic, but no more than there are in all', () => {
    expect(choice(2, { concurrency: 'auto' })).toEqual({ workers: 2, threads: 1 });
    expect(choice(8, { concurrency: 'auto' })).toEqual({ workers: 3, threads: 2 });
  });

  it('are no more than four on a GPU, of which every process takes memory, unless asked for', () => {
    const many = { concurrency: 'auto', seeds: 10 } as const;
    expect(choice(16, many, 'cuda:0')).toEqual({ workers: 4, threads: 4 });
    expect(choice(16, many)).toEqual({ workers: 10, threads: 1 });
    expect(choice(16, { ...many, concurrency: 8 }, 'cuda:0')).toEqual({ workers: 8, threads: 2 });
  });

  it('are trained one by one where a teacher gives labels at every step', () => {
    const alone = choice(8, { concurrency: 'auto', labels: onTheFly });
    expect(alone).toEqual({ workers: 1, threads: 8 });
  });

  it('are refused when some would have no thread', () => {
    expect(() => choice(2, { concurrency: 4 })).toThrow(
      'evaluate.concurrency: 4 networks at once need a thread each, and threads is 2; use at most 2, or allow more with --threads',
    );
  });
});
