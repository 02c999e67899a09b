import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { grad, liveTensors, scope } from '../tensor/index.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { defineAugmentation } from './define.js';
import { applySiamese, applySiameseRows, drawSiamese, noSiamese } from './siamese.js';
import { expectPixels, normalImages, reader } from './testing/images.js';
import { applyTraining, drawTraining, noAugmentation } from './training.js';

const dim = defineAugmentation('dim', {
  version: '1',
  options: { most: 0.5 },
  draw: ({ most }, { height }, random) => ({ factor: 1 - most * random.uniform(), height }),
  apply: (images, drawn) => images.mul((drawn as { factor: number }).factor),
});
const size = { height: 7, width: 9 };
const siamese = (own = dim.with()) =>
  drawSiamese({ ...noSiamese, own }, { ...size, groups: 3, random: new RandomGenerator(2) });

describe("an augmentation of the user's own", () => {
  it('has one draw for each group of images that are matched, whatever chunks they come in', () => {
    scope(() => {
      const images = normalImages([12, 3, 7, 9]);
      const draw = siamese();
      const factors = draw.groups.map(({ own }) => own!.drawn as { factor: number });
      expect(new Set(factors.map(({ factor }) => factor)).size).toBe(3);
      const whole = applySiamese(images, draw);
      const pixel = reader(images);
      expectPixels(whole, (n, c, y, x) => pixel(n, c, y, x) * factors[Math.floor(n / 4)]!.factor);
      for (const [first, length] of [
        [0, 5],
        [3, 6],
        [7, 1],
      ] as const) {
        const rows = applySiameseRows(images.narrow(0, first, length), draw, {
          first,
          perGroup: 4,
        });
        expectPixels(rows, reader(whole.narrow(0, first, length).contiguous()));
      }
    });
  });

  it('lets gradients through where images are matched, and leaves no tensor behind', () => {
    const before = liveTensors();
    scope(() => {
      const images = normalImages([3, 1, 7, 9]).setRequiresGrad(true);
      const draw = siamese();
      const [gradient] = grad([applySiamese(images, draw).sum()], [images]);
      const [first] = draw.groups;
      const { factor } = first!.own!.drawn as { factor: number };
      expect(gradient!.narrow(0, 0, 1).mean().item()).toBeCloseTo(factor, 6);
    });
    expect(liveTensors()).toBe(before);
  });

  it('has one draw for a batch that a network is trained on', () => {
    scope(() => {
      const images = normalImages([4, 3, 7, 9]);
      const own = dim.with({ most: 1 });
      const random = new RandomGenerator(3);
      const draw = drawTraining({ ...noAugmentation, own }, { ...size, images: 4, random });
      const { factor } = draw.own!.drawn as { factor: number };
      const pixel = reader(images);
      expectPixels(applyTraining(images, draw), (...at) => pixel(...at) * factor);
    });
  });

  it('changes no draw of the built-in ones', () => {
    const plain = drawSiamese(
      { ...noSiamese, crop: 0.5 },
      { ...size, groups: 1, random: new RandomGenerator(2) },
    );
    const withOwn = drawSiamese(
      { ...noSiamese, crop: 0.5, own: dim.with() },
      { ...size, groups: 1, random: new RandomGenerator(2) },
    );
    expect(withOwn.groups[0]).toMatchObject({ ...plain.groups[0] });
  });

  it.each([
    ['draws what a checkpoint cannot keep', { draw: () => Number.NaN }, 'must return plain data'],
    ['draws nothing', { draw: () => undefined as never }, 'must return plain data'],
    ['changes the shape', { apply: () => tensor([1], [1]) }, 'must keep their shape'],
  ])('is refused where it %s', (name, change, expected) => {
    const wrong = defineAugmentation(name.replaceAll(' ', '-'), {
      version: '1',
      draw: () => 1,
      apply: (images) => images,
      ...change,
    });
    scope(() => {
      const apply = () => applySiamese(normalImages([3, 1, 7, 9]), siamese(wrong.with()));
      expect(apply).toThrow(UsageError);
      expect(apply).toThrow(expected);
    });
  });

  it('is not taken for other code', () => {
    expect(() => siamese({ ...dim.with(), version: '2' })).toThrow(
      'has another version here (1) than where it was asked for (2)',
    );
  });
});
