import { describe, expect, it } from 'vitest';
import { samplingObjectives } from '../methods/ncfm/sampling-objectives.js';
import { ncfmOptions } from '../plan/testing/plan.js';
import { loadPlan } from './index.js';
import { file, plan, problems, smallest } from './testing/configurations.js';

const network = 'distill.frequencies={ kind: sampling-network, count: 64 }';
const frequencies = (...overrides: string[]) =>
  ncfmOptions(plan(smallest, { overrides: [network, ...overrides] })).frequencies;

describe('a sampling network', () => {
  it('ascends the discrepancy by the official steps unless told otherwise', () => {
    expect(frequencies()).toEqual({
      kind: 'sampling-network',
      count: 64,
      scale: 'auto',
      objective: 'discrepancy',
      perComponent: 16,
      learnedPerComponent: 1,
      bound: 2,
      optimizer: {
        kind: 'sgd',
        learningRate: 1e-3,
        momentum: 0.5,
        weightDecay: 0,
        decay: 'all',
      },
      schedule: { kind: 'constant' },
    });
  });

  it.each(samplingObjectives)('may ascend %s, with steps that suit it or its own', (objective) => {
    const chosen = `distill.frequencies.objective=${objective}`;
    const usual = objective === 'discrepancy' ? 'sgd' : 'adam';
    expect(frequencies(chosen)).toMatchObject({ objective, optimizer: { kind: usual } });
    const steps = 'distill.frequencies.optimizer={ kind: adamw, learningRate: 0.01 }';
    const own = { kind: 'adamw', learningRate: 0.01, weightDecay: 0.01 };
    expect(frequencies(chosen, steps)).toMatchObject({ objective, optimizer: own });
  });

  it('is the same again from the resolved configuration', () => {
    const overrides = [network, 'distill.frequencies.objective=agreement'];
    const { plan, yaml } = loadPlan({ source: file(smallest), overrides });
    expect(loadPlan({ source: file(yaml) }).plan).toEqual(plan);
  });

  it('knows its objectives', () => {
    expect(
      problems(smallest, { overrides: [network, 'distill.frequencies.objective=powr'] }),
    ).toEqual([
      expect.stringMatching(
        /expected discrepancy, ratio, power or agreement, found 'powr'; did you mean 'power'/,
      ),
    ]);
  });

  it('is told of keys that it does not have', () => {
    const [problem] = problems(smallest, {
      overrides: [network, 'distill.frequencies.objektive=power'],
    });
    expect(problem).toMatch(
      /distill.frequencies.objektive: unknown key .*did you mean 'objective'/,
    );
  });
});
