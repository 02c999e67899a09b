import type { RandomGenerator } from '../tensor/index.js';

/** Hands out numbers uniform in [0, 1), one after another. */
export type Uniforms = () => number;

/**
 * Draws `count` numbers uniform in [0, 1), in double precision, by one call of the engine, and returns a function that
 * hands them out in order. It throws RangeError when asked for more.
 */
export function drawUniforms(random: RandomGenerator, count: number): Uniforms {
  using drawn = random.uniformTensor([count], 'float64');
  const values = drawn.toArray();
  let position = 0;
  return () => {
    const value = values[position++];
    if (value === undefined) throw new RangeError(`only ${count} uniform numbers were drawn`);
    return Number(value);
  };
}
