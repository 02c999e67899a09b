import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { methodNames } from '../methods/registry.js';
import { loadPlan } from './load.js';
import { presetNames, readPreset } from './presets.js';

function planOf(yaml: string, changes: Omit<Parameters<typeof loadPlan>[0], 'source'> = {}) {
  const source = join(temporaryFolder(), 'own.yaml');
  writeFileSync(source, yaml);
  return loadPlan({ source, ...changes }).plan;
}

const digits = `
extends: digits
distill: { imagesPerClass: 3 }
methods:
  dm: { distill: { iterations: 7 } }
`;

describe('a configuration under another method', () => {
  it('keeps the images per class, and of the other options none', () => {
    const { distill, pretrain } = planOf(digits, { method: 'dm' });
    expect(distill).toMatchObject({ method: 'dm', imagesPerClass: 3, iterations: 7 });
    expect(distill).toMatchObject({ optimizer: { kind: 'sgd', learningRate: 1 } });
    expect(distill).not.toHaveProperty('matching');
    expect(pretrain.networks).toBe(3);
  });

  it('takes overrides last', () => {
    const overrides = ['distill.iterations=9', 'distill.realPerClass=4'];
    const { distill } = planOf(digits, { method: 'dm', overrides });
    expect(distill).toMatchObject({ iterations: 9, realPerClass: 4 });
  });

  it('is left alone where it names its method itself', () => {
    expect(planOf(digits, { method: 'ncfm' })).toEqual(planOf(digits));
    expect(planOf(digits).distill).toMatchObject({ method: 'ncfm', iterations: 100 });
  });

  it('takes what is said for its own method where that is asked for by name', () => {
    const own = `${digits}  ncfm: { distill: { alpha: 0.9 } }\n`;
    expect(planOf(own, { method: 'ncfm' }).distill).toMatchObject({ alpha: 0.9, iterations: 100 });
    const overrides = ['methods.ncfm.distill.alpha=0.7', 'methods.dm.distill.iterations=8'];
    expect(planOf(digits, { method: 'ncfm', overrides }).distill).toMatchObject({ alpha: 0.7 });
    expect(planOf(digits, { method: 'dm', overrides }).distill.iterations).toBe(8);
    expect(planOf(own).distill).toMatchObject({ alpha: 0.5 });
  });

  it('is so where a file that extends another one names it', () => {
    const { distill } = planOf(`${digits.replace('imagesPerClass: 3', 'method: dm')}`);
    expect(distill).toMatchObject({ method: 'dm', imagesPerClass: 5 });
    expect(distill.iterations).toBe(7);
  });

  it('tells of settings for a method that there is not, or of another section', () => {
    expect(() => planOf('extends: digits\nmethods: { md: {} }')).toThrow(
      /own\.yaml:2:12: methods\.md: there is no such method; expected ncfm, dm/,
    );
    expect(() => planOf('extends: digits\nmethods: { dm: { evaluate: {} } }')).toThrow(
      /own\.yaml:2:18: methods\.dm\.evaluate: unknown key; expected distill, pretrain/,
    );
    expect(() => planOf('extends: digits\nmethods: 3')).toThrow(/methods: expected a mapping/);
  });

  it('tells what is wrong with settings for a method where they are written', () => {
    const wrong = 'extends: digits\nmethods: { dm: { distill: { iterations: no } } }';
    expect(() => planOf(wrong, { method: 'dm' })).toThrow(
      /own\.yaml:2:41: distill\.iterations: expected an integer from 1/,
    );
    expect(planOf(wrong).distill.iterations).toBe(100);
  });

  it('loads again from what it resolved to', () => {
    const source = join(temporaryFolder(), 'own.yaml');
    writeFileSync(source, digits);
    for (const method of ['dm', 'dc', 'dsa']) {
      const { plan, yaml } = loadPlan({ source, method });
      const again = join(temporaryFolder(), 'again.yaml');
      writeFileSync(again, yaml);
      expect(loadPlan({ source: again }).plan).toEqual(plan);
    }
  });

  it.each(presetNames().filter((name) => readPreset(name).includes('methods:')))(
    'of %s is one for each method that comes with the package',
    (source) => {
      for (const method of methodNames()) {
        expect(loadPlan({ source, method }).plan.distill.method).toBe(method);
      }
    },
  );
});
