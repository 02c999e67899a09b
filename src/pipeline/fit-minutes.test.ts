import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { liveTensors } from '../tensor/index.js';
import { type FittedSetting, fitMinutes } from './fit-minutes.js';

const all: FittedSetting[] = [
  'model.width',
  'pretrain.length',
  'distill.iterations',
  'evaluate.length',
];

function within(
  minutes: number,
  given: readonly FittedSetting[] = [],
  changes: Partial<Plan> = {},
) {
  const plan = { ...smallPlan, ...changes };
  return fitMinutes({ plan, minutes, given: new Set(given), cache: temporaryFolder() });
}

const keysOf = ({ settings }: { readonly settings: readonly string[] }) =>
  settings.map((setting) => setting.split('=')[0]);

describe('a plan that is to take some minutes', () => {
  it('has settings that are expected to fill them, and leaves nothing behind', async () => {
    const before = liveTensors();
    const fitted = await within(3);
    expect(liveTensors()).toBe(before);
    expect(keysOf(fitted)).toEqual(all);
    expect(fitted.total).toBeGreaterThan(0.9 * 180);
    expect(fitted.total).toBeLessThanOrEqual(180);
    expect(fitted.settings).toContain(`evaluate.length={ steps: ${fitted.steps} }`);
    expect([fitted.networks, fitted.evaluated]).toEqual([2, 6]);
    expect([32, 64, 128]).toContain(fitted.width);
  });

  it('keeps what is given, and shares the time among the rest', async () => {
    const given = ['model.width', 'evaluate.length'] as const;
    const [short, long] = [await within(1, given), await within(4, given)];
    for (const fitted of [short, long]) {
      expect(keysOf(fitted)).toEqual(['pretrain.length', 'distill.iterations']);
      expect([fitted.width, fitted.steps]).toEqual([8, 80]);
    }
    expect(long.iterations).toBeGreaterThan(2 * short.iterations);
    expect(long.total).toBeGreaterThan(3 * short.total);
  });

  it('counts every distillation', async () => {
    const given = ['model.width', 'pretrain.length', 'evaluate.length'] as const;
    const [one, four] = [await within(2, given), await within(2, given, { repeats: 4 })];
    expect(four.iterations).toBeLessThan(one.iterations / 2);
    expect([four.networks, four.evaluated]).toEqual([8, 24]);
  });

  it('chooses no width where networks have none', async () => {
    const lenet = { model: { name: 'lenet' }, student: { name: 'lenet' } } as const;
    const fitted = await within(2, [], lenet);
    expect(keysOf(fitted)).toEqual(all.slice(1));
    expect(fitted.width).toBeNull();
  });

  it('is refused where the minutes are too few, told how many would do', async () => {
    await expect(within(0.01)).rejects.toThrow(
      /^0\.01 min are too few: .* takes about [\d.]+ s.*fewer networks/,
    );
  });
});
