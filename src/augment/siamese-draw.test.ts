import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import type { Rectangle } from './rectangle.js';
import {
  drawSiamese,
  noSiamese,
  type SiameseDraw,
  type SiameseOptions,
  type SiameseTransform,
} from './siamese.js';
import { expectFills } from './testing/images.js';

import { draw, everything } from './testing/siamese.js';

describe('drawSiamese', () => {
  const many = draw(everything, 11, 4000, 28, 32).groups;
  const range = (values: number[]): [number, number] => [
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  ];

  it('stays within the range of each strength and uses all of it', () => {
    expectFills(
      many.map(({ brightness }) => brightness),
      -0.5,
      0.5,
    );
    expectFills(
      many.map(({ saturation }) => saturation),
      0,
      2,
    );
    expectFills(
      many.map(({ contrast }) => contrast),
      0.5,
      1.5,
    );
    const share = many.filter(({ flip }) => flip).length / many.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.04);
  });

  it('shifts by every whole number of pixels up to the crop, equally often', () => {
    const histogram = (values: number[]): Map<number, number> => {
      const counts = new Map<number, number>();
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      return counts;
    };
    const rows = histogram(many.map(({ shift }) => shift.rows));
    const columns = histogram(many.map(({ shift }) => shift.columns));
    const upTo = (most: number): number[] =>
      Array.from({ length: 2 * most + 1 }, (_, i) => i - most);
    // 12.5 % of 28 rows is 3.5, rounded to 4 like the 4 of 32 columns.
    for (const counts of [rows, columns]) {
      expect([...counts.keys()].sort((a, b) => a - b)).toEqual(upTo(4));
      for (const count of counts.values())
        expect(Math.abs(count / 4000 - 1 / 9)).toBeLessThan(0.025);
    }
  });

  it('cuts out half the side, clipped at the border, as often at one border as at the other', () => {
    const cutouts = many.map(({ cutout }) => cutout!);
    for (const { top, bottom, left, right } of cutouts) {
      expect(top).toBeGreaterThanOrEqual(0);
      expect(bottom).toBeLessThanOrEqual(28);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(32);
    }
    expect(range(cutouts.map(({ top, bottom }) => bottom - top))).toEqual([7, 14]);
    expect(range(cutouts.map(({ left, right }) => right - left))).toEqual([8, 16]);
    // A side of 2 in 4 pixels touches either border for 2 of its 5 centres.
    const small = draw(everything, 12, 4000, 4, 4).groups.map(({ cutout }) => cutout!);
    const share = (touches: (cutout: Rectangle) => boolean): number =>
      small.filter(touches).length / small.length;
    expect(Math.abs(share(({ top }) => top === 0) - 2 / 5)).toBeLessThan(0.04);
    expect(Math.abs(share(({ bottom }) => bottom === 4) - 2 / 5)).toBeLessThan(0.04);
    expect(Math.abs(share(({ left }) => left === 0) - 2 / 5)).toBeLessThan(0.04);
    expect(Math.abs(share(({ right }) => right === 4) - 2 / 5)).toBeLessThan(0.04);
  });

  it('depends on the generator alone', () => {
    expect(draw(everything, 6)).toEqual(draw(everything, 6));
    expect(draw(everything, 6)).not.toEqual(draw(everything, 7));
    const random = new RandomGenerator(6);
    const next = (): SiameseDraw =>
      drawSiamese(everything, { groups: 3, height: 7, width: 9, random });
    expect(next()).toEqual(draw(everything, 6));
    expect(next()).not.toEqual(draw(everything, 6));
  });

  it('draws the other options alike whether one is on or off', () => {
    const colourless = { ...everything, brightness: null, saturation: null, contrast: null };
    const geometry = ({ shift, cutout, flip, map }: SiameseTransform) => ({
      shift,
      cutout,
      flip,
      map,
    });
    expect(draw(colourless, 6).groups.map(geometry)).toEqual(
      draw(everything, 6).groups.map(geometry),
    );
    const flat = draw({ ...everything, scale: null, rotate: null }, 6).groups;
    expect(flat).toEqual(draw(everything, 6).groups.map(({ map, ...others }) => others));
  });

  it('scales each axis within the ratio, and turns within the angle, using all of it', () => {
    const maps = (options: Partial<SiameseOptions>) =>
      draw({ ...noSiamese, ...options }, 5, 2000, 8, 8).groups.map(({ map }) => map!);
    for (const axis of [0, 4] as const) {
      expectFills(
        maps({ scale: 1.2 }).map((map) => map[axis]),
        1 / 1.2,
        1.2,
      );
    }
    const degrees = maps({ rotate: 15 }).map((map) => (Math.atan2(map[3], map[0]) * 180) / Math.PI);
    expectFills(degrees, -15, 15);
  });

  it('refuses strengths out of range, naming the option', () => {
    expect(() => draw({ ...everything, crop: 1.5 }, 1)).toThrow(
      new UsageError(
        "the augmentation 'crop' must be a number from 0 to 1, or null to switch it off; got 1.5",
      ),
    );
    expect(() => draw({ ...everything, contrast: -0.5 }, 1)).toThrow("'contrast' must be a number");
    expect(() => draw({ ...everything, cutout: Number.NaN }, 1)).toThrow(
      "'cutout' must be a number",
    );
  });
});
