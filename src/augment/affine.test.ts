import { describe, expect, it } from 'vitest';
import {
  type Affine,
  compose,
  identity,
  isIdentity,
  mirror,
  rotation,
  scale,
  shift,
} from './affine.js';

const image = { height: 10, width: 20 };

/** The position in the original, in pixels from the centre (down, right), that a map shows at such a position. */
function shown(map: Affine, down: number, right: number): [down: number, right: number] {
  const [x, y] = [(2 * right) / image.width, (2 * down) / image.height];
  const [a, b, c, d, e, f] = map;
  return [((d * x + e * y + f) * image.height) / 2, ((a * x + b * y + c) * image.width) / 2];
}

function expectShown(map: Affine, at: [number, number], from: [number, number]): void {
  const [down, right] = shown(map, ...at);
  expect(down).toBeCloseTo(from[0], 12);
  expect(right).toBeCloseTo(from[1], 12);
}

describe('affine maps', () => {
  it('shift the content down and to the right', () => {
    expectShown(shift(image, 2, -3), [2, -3], [0, 0]);
    expectShown(shift(image, 2, -3), [1, 1], [-1, 4]);
  });

  it('stretch each axis about the centre', () => {
    expectShown(scale(1.2, 0.5), [1, 4], [1.2, 2]);
  });

  it('turn by true angles in images that are not square', () => {
    expectShown(rotation(image, 90), [0, 3], [3, 0]);
    expectShown(rotation(image, 90), [3, 0], [0, -3]);
    const half = Math.SQRT1_2;
    expectShown(rotation(image, 45), [0, 1], [half, half]);
  });

  it('compose in the order in which they happen to the image', () => {
    const [rows, columns] = [1, 4];
    // Mirrored first, then moved right: what was at the right edge ends right of the left edge.
    expectShown(compose(mirror, shift(image, rows, columns)), [1, -6], [0, 10]);
    expectShown(compose(shift(image, rows, columns), mirror), [1, -6], [0, 2]);
    expectShown(compose(shift(image, 0, 2), rotation(image, 90), scale(2, 2)), [0, 1], [2, -2]);
  });

  it('know the map that changes nothing', () => {
    expect(isIdentity(compose(mirror, mirror))).toBe(true);
    expect(isIdentity(compose())).toBe(true);
    expect(isIdentity(shift(image, 0, 0))).toBe(true);
    expect(isIdentity(compose(identity, shift(image, 0, 1)))).toBe(false);
  });
});
