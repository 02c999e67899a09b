import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import { loadPlan } from './index.js';
import { file } from './testing/configurations.js';

describe('whatever is written', () => {
  const { plan: example } = loadPlan({ source: 'fashion-quick' });
  const keys = paths(example);

  it('there are many settings to write', () => expect(keys.length).toBeGreaterThan(60));

  it('either loads, and again from what it resolved to, or is a UsageError', () => {
    const value = fc.oneof(
      fc.double({ noDefaultInfinity: true }),
      fc.integer(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('', '~', 'auto', '.nan', '.inf', 'true', '[]', '{}', '- 1', '1e400', '0x10'),
      fc.constantFrom('none', 'official', 'constant', '{ kind: sgd, learningRate: 1 }', '&a [*a]'),
    );
    const assignment = fc
      .tuple(fc.constantFrom(...keys), value)
      .map(([key, item]) => `${key}=${item}`);
    fc.assert(
      fc.property(fc.array(assignment, { minLength: 1, maxLength: 3 }), (overrides) => {
        try {
          const { plan, yaml } = loadPlan({ source: 'fashion-quick', overrides });
          expect(loadPlan({ source: file(yaml) }).plan).toEqual(plan);
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
        }
      }),
      { numRuns: 400 },
    );
  });
});

/** The paths of all settings, and of the mappings that hold them. */
function paths(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix];
  const below = Object.entries(value).flatMap(([key, item]) =>
    paths(item, prefix === '' ? key : `${prefix}.${key}`),
  );
  return prefix === '' ? below : [prefix, ...below];
}
