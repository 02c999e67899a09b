import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/reading.js';
import { initializeSynthetic } from '../distill/index.js';
import { saveSoftLabels } from '../evaluate/index.js';
import { liveTensors, scope } from '../tensor/index.js';
import { full, RandomGenerator } from '../tensor/testing/on-device.js';
import { type DistilledSet, openDistilledSet, setOf } from './distilled-set.js';

const { train } = await loadDigits();

function someSet(): DistilledSet {
  const synthetic = initializeSynthetic(train, {
    imagesPerClass: 1,
    formation: { mode: 'single', factor: 2 },
    initialization: { kind: 'mix' },
    random: new RandomGenerator(1),
  });
  return setOf(synthetic, train);
}

const facts = ({ formation, classNames, dataset, normalization }: DistilledSet) => ({
  ...{ formation, classNames, dataset, normalization },
});

describe('a distilled set', () => {
  it('is the same after it was saved and opened, or exported as it is stored and opened', async () => {
    const before = liveTensors();
    const folder = temporaryFolder();
    const set = someSet();
    set.save(join(folder, 'saved'));
    const saved = await openDistilledSet(join(folder, 'saved'));
    const out = join(folder, 'exported');
    await set.export({ format: 'safetensors', form: 'stored', out });
    const exported = await openDistilledSet(out);
    for (const again of [saved, exported]) {
      expect(again.stored()).toEqual(set.stored());
      expect(again.decoded()).toEqual(set.decoded());
      expect(facts(again)).toEqual(facts(set));
    }
    saved.save(join(folder, 'twice'));
    expect(existsSync(join(folder, 'twice/metadata.json'))).toBe(true);
    await expect(set.export({ format: 'safetensors', out })).rejects.toThrow('exists already');
    for (const each of [set, saved, exported]) each.dispose();
    set.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('with soft labels is exported with them, and not saved without', async () => {
    const folder = temporaryFolder();
    const [saved, out] = ['saved', 'exported'].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    using set = someSet();
    set.save(saved);
    const metadata = {
      formatVersion: 1,
      temperature: 1,
      correctToHard: false,
      teacher: { hash: 'a teacher', networks: 1, testAccuracy: 90 },
      agreement: 100,
    } as const;
    scope(() => saveSoftLabels(saved, { probabilities: full([40, 10], 0.1), metadata }));
    using soft = await openDistilledSet(saved);
    expect(() => soft.save(join(folder, 'again'))).toThrow('has soft labels');
    expect(await soft.export({ format: 'npz', out })).toMatchObject({ softLabels: true });
  });
});
