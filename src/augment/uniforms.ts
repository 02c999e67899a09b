import type { RandomGenerator } from '../tensor/index.js';

/** Hands out numbers uniform in [0, 1), one after another. */
export type Uniforms = () => number;

/**
 * Draws `count` numbers uniform in [0, 1), in double precision, on the CPU by one call of the engine, and returns a function that
 * hands them out in order. It throws RangeError when asked for more.
 */
export function drawUniforms(random: RandomGenerator, count: number): Uniforms {
  const values = random.uniforms(count);
  let position = 0;
  return () => {
    const value = values[position++];
    if (value === undefined) throw new RangeError(`only ${count} uniform numbers were drawn`);
    return value;
  };
}
