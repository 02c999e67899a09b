import { describe, expect, it } from 'vitest';
import { scope } from '../tensor/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { type Affine, identity, mirror } from './affine.js';
import {
  applySiamese,
  drawSiamese,
  dsaSiamese,
  noSiamese,
  type SiameseOptions,
} from './siamese.js';
import { expectPixels, normalImages, reader } from './testing/images.js';
import { drawTraining, dsaTraining, type TrainingAugmentation } from './training.js';

const images = 12;

function siamese(options: SiameseOptions, seed: number) {
  const size = { groups: images, height: 32, width: 32 };
  return drawSiamese(options, { ...size, random: new RandomGenerator(seed) });
}

function training(options: TrainingAugmentation, seed: number) {
  const size = { images, height: 32, width: 32 };
  return drawTraining(options, { ...size, random: new RandomGenerator(seed) });
}

type Transform = ReturnType<typeof training>['images'][number];

/** What a draw for matching would be if its flips and shifts were in its map too. */
function asTransforms({ groups }: ReturnType<typeof siamese>): Transform[] {
  return groups.map(({ flip, shift, map = identity, ...others }) => {
    const [a, b, , d, e] = flip ? mirror : map;
    return { ...others, map: [a, b, shift.columns, d, e, shift.rows] };
  });
}

/** The families that a transform has something of. */
function familiesOf({ map, cutout, brightness, saturation, contrast }: Transform): string[] {
  const [a, b, c, , e, f]: Affine = map;
  const found: Record<string, boolean> = {
    colour: brightness !== 0 || saturation !== 1 || contrast !== 1,
    crop: c !== 0 || f !== 0,
    cutout: cutout !== null,
    flip: a === -1,
    rotate: b !== 0,
    scale: b === 0 && (Math.abs(a) !== 1 || e !== 1),
  };
  return Object.keys(found).filter((family) => found[family]);
}

const draws: [string, (seed: number) => readonly Transform[]][] = [
  ['matching', (seed) => asTransforms(siamese(dsaSiamese, seed))],
  ['training', (seed) => training(dsaTraining, seed).images],
];

/** Of 1200 classes or batches the families that are seen in each, and how many have the flip: half of the flips do nothing. */
const choices: [string, () => string[][], number][] = [
  [
    'matching has one family for each class',
    () => {
      const seeds = Array.from({ length: 100 }, (_, seed) => seed);
      return seeds.flatMap((seed) => asTransforms(siamese(dsaSiamese, seed)).map(familiesOf));
    },
    100,
  ],
  [
    'training has one family for a whole batch',
    () => {
      const seeds = Array.from({ length: 1200 }, (_, seed) => seed);
      return seeds.map((seed) => [
        ...new Set(training(dsaTraining, seed).images.flatMap(familiesOf)),
      ]);
    },
    200,
  ],
];

describe('the augmentation of DSA', () => {
  it.each(choices)('in %s, all six equally often', (_, all, flips) => {
    const found = all();
    expect(found.filter((families) => families.length > 1)).toEqual([]);
    // The deviation of 200 of 1200 is 13.
    const names = ['colour', 'crop', 'cutout', 'flip', 'rotate', 'scale'];
    expect([...new Set(found.flat())].sort()).toEqual(names);
    for (const name of names) {
      const count = found.flat().filter((family) => family === name).length;
      expect(Math.abs(count - (name === 'flip' ? flips : 200)), name).toBeLessThan(55);
    }
  });
});

describe.each(draws)('the augmentation of DSA in %s', (_name, drawn) => {
  it('draws strengths for each image or class', () => {
    for (let seed = 0; seed < 20; seed++) {
      const found = new Set(drawn(seed).map((transform) => JSON.stringify(transform)));
      expect(found.size, `seed ${seed}`).toBeGreaterThan(1);
    }
  });
});

describe('one family', () => {
  it('is one of those that are on', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const few = { ...noSiamese, crop: 0.25, rotate: 15, scale: 1, choose: 'one' } as const;
      for (const name of asTransforms(siamese(few, seed)).flatMap(familiesOf)) seen.add(name);
      const none = { ...noSiamese, choose: 'one' } as const;
      expect(asTransforms(siamese(none, seed)).flatMap(familiesOf)).toEqual([]);
      const still = { ...dsaTraining, geometry: 'none' } as const;
      const moved = training(still, seed).images.flatMap(familiesOf);
      expect(['colour', 'cutout', 'flip']).toEqual(expect.arrayContaining(moved));
    }
    expect([...seen].sort()).toEqual(['crop', 'rotate']);
  });

  it('does the same to the real and to the synthetic images of a class', () => {
    scope(() => {
      const synthetic = normalImages([images, 3, 32, 32]);
      const real = synthetic.repeatInterleave(2, 0);
      for (let seed = 0; seed < 12; seed++) {
        const drawn = siamese(dsaSiamese, seed);
        const expected = applySiamese(synthetic, drawn).repeatInterleave(2, 0);
        expectPixels(applySiamese(real, drawn), reader(expected));
      }
    });
  });
});
