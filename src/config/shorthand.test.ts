import { describe, expect, it } from 'vitest';
import {
  defaultSiamese,
  dsaSiamese,
  dsaTraining,
  noAugmentation,
  officialTraining,
} from '../augment/index.js';
import { datasetNames } from '../data/index.js';
import { namedProtocols } from '../evaluate/index.js';
import { ncfmOptions } from '../plan/testing/plan.js';
import { file, plan, smallest } from './testing/configurations.js';

const _allButLast = datasetNames.slice(0, -1).join(', ');
const _lastDataset = datasetNames.at(-1);
const usualConvNet = { norm: 'instance', activation: 'relu', pooling: 'average' };

describe('shorthand', () => {
  it('names whole augmentations, of which single keys can be changed later', () => {
    const yaml = 'extends: digits\npretrain: { augmentation: official }';
    expect(plan(yaml).pretrain.augmentation).toEqual(officialTraining);
    const { pretrain } = plan(yaml, { overrides: ['pretrain.augmentation.flip=false'] });
    expect(pretrain.augmentation).toEqual({ ...officialTraining, flip: false });
    const off = plan(yaml, { overrides: ['evaluate.augmentation=none'] });
    expect(off.evaluate.augmentation).toEqual(noAugmentation);
  });

  it.each(['distill', 'pretrain', 'evaluate'] as const)(
    'has DSA for %s.augmentation, with or without flips, and replaces it as a whole',
    (section) => {
      const dsa = section === 'distill' ? dsaSiamese : dsaTraining;
      const written = file(`extends: digits\n${section}: { augmentation: dsa }`);
      const extended = `extends: ${written}`;
      const augmentation = (yaml: string, ...overrides: string[]) => {
        const { distill, pretrain, evaluate, ...rest } = plan(yaml, { overrides });
        const sections = { distill: ncfmOptions({ distill, ...rest }), pretrain, evaluate };
        return sections[section].augmentation;
      };
      const key = `${section}.augmentation`;
      expect(augmentation(extended)).toEqual(dsa);
      expect(augmentation(extended, `${key}.flip=false`)).toEqual({ ...dsa, flip: false });
      const both = [`${key}=dsa`, `${key}.flip=false`];
      expect(augmentation(smallest, ...both)).toEqual({ ...dsa, flip: false });
      expect(augmentation(`${extended}\n${section}: { augmentation: { flip: false } }`)).toEqual({
        ...dsa,
        flip: false,
      });
      const official = section === 'distill' ? defaultSiamese : officialTraining;
      expect(augmentation(extended, `${key}=official`)).toEqual(official);
    },
  );

  it.each(['official', 'dc', 'dsa', 'mtt', 'rded', 'rded-mosaic'] as const)(
    'has the evaluation %s, over any other, with single keys changed later',
    (name) => {
      const protocol = namedProtocols[name];
      for (const below of Object.keys(namedProtocols)) {
        const extended = `extends: ${file(`${smallest}evaluate: ${below}`)}\nevaluate: ${name}`;
        expect(plan(extended).evaluate).toEqual({ ...protocol, concurrency: 1 });
      }
      const overrides = [`evaluate=${name}`, 'evaluate.augmentation.flip=true', 'evaluate.seeds=2'];
      const { seeds, augmentation, ...others } = plan(smallest, { overrides }).evaluate;
      expect(seeds).toBe(2);
      expect(augmentation).toEqual({ ...protocol.augmentation, flip: true });
      expect(others).toMatchObject({
        optimizer: protocol.optimizer,
        batchSize: protocol.batchSize,
      });
    },
  );

  it('completes a student from the extractors', () => {
    const yaml = `${smallest}model: { depth: 2, width: 16 }\nstudent: { width: 64 }`;
    expect(plan(yaml).student).toEqual({ name: 'convnet', depth: 2, width: 64, ...usualConvNet });
  });
});
