import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { seededPermutations } from '../testing/seeded-permutations.js';
import { ClassSampler } from './class-sampler.js';

const labels = [0, 1, 0, 2, 1, 0, 2, 0, 1, 0];
const membersOfZero = [0, 2, 5, 7, 9];
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
const sampler = (seed = 1) => ClassSampler.forClasses(labels, 3, seededPermutations(seed));

describe('ClassSampler', () => {
  it('draws images of the class asked for', () => {
    const draws = sampler();
    expect(draws.groupCount).toBe(3);
    for (const group of [0, 1, 2]) {
      for (const index of draws.next(group, 4)) expect(labels[index]).toBe(group);
    }
  });

  it('gives every image once per epoch, however the draws are cut', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(cuts, fc.integer(), (counts, seed) => {
        const draws = sampler(seed);
        const stream = counts.flatMap((count) => [...draws.next(0, count)]);
        expect(stream).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
        for (let start = 0; start + 5 <= stream.length; start += 5) {
          expect(sorted(stream.slice(start, start + 5))).toEqual(membersOfZero);
        }
      }),
    );
  });

  it('shuffles anew for each epoch', () => {
    const large = ClassSampler.forClasses(new Int32Array(50), 1, seededPermutations(1));
    const [first, second] = [large.next(0, 50), large.next(0, 50)];
    expect(sorted(first)).toEqual(sorted(second));
    expect(first).not.toEqual(second);
    expect([...first]).not.toEqual(sorted(first));
  });

  it('allows a draw larger than the class', () => {
    const draw = sampler().next(0, 12);
    expect(sorted(draw.subarray(0, 5))).toEqual(membersOfZero);
    expect(sorted(draw.subarray(5, 10))).toEqual(membersOfZero);
  });

  it('is decided by the generator', () => {
    expect(sampler(7).next(0, 25)).toEqual(sampler(7).next(0, 25));
    expect(sampler(7).next(0, 25)).not.toEqual(sampler(8).next(0, 25));
  });

  it('draws from any groups, such as the clusters of a class', () => {
    const draws = new ClassSampler(
      [Int32Array.of(40, 41), Int32Array.of(7)],
      seededPermutations(1),
    );
    expect(sorted(draws.next(0, 2))).toEqual([40, 41]);
    expect([...draws.next(1, 3)]).toEqual([7, 7, 7]);
  });

  it('refuses a group that does not exist or is empty, and an invalid count', () => {
    const draws = new ClassSampler([Int32Array.of(1), new Int32Array(0)], seededPermutations(1));
    expect(() => draws.next(2, 1)).toThrow('there is no group 2 to draw from');
    expect(() => draws.next(1, 1)).toThrow('group 1 has no images to draw from');
    for (const count of [-1, 0.5, Number.NaN]) {
      expect(() => draws.next(0, count)).toThrow(`can't draw ${count} images`);
    }
  });
});

describe('ClassSampler state', () => {
  it('survives JSON, and makes another sampler go on with the same draws', () => {
    const original = sampler(1);
    original.next(0, 2);
    original.next(2, 1);
    const resumed = sampler(99);
    resumed.setState(JSON.parse(JSON.stringify(original.getState())));
    expect(resumed.getState()).toEqual(original.getState());
    expect(resumed.next(0, 3)).toEqual(original.next(0, 3));
    expect(resumed.next(2, 1)).toEqual(original.next(2, 1));
  });

  it('can be taken before anything is drawn', () => {
    const resumed = sampler(1);
    resumed.next(0, 1);
    resumed.setState(sampler(1).getState());
    expect(sorted(resumed.next(0, 5))).toEqual(membersOfZero);
  });

  it('is not changed by later draws', () => {
    const draws = sampler();
    draws.next(0, 2);
    const state = draws.getState();
    const saved = structuredClone(state);
    draws.next(0, 9);
    expect(state).toEqual(saved);
  });

  it.each([
    ['another number of groups', [{ order: [], drawn: 0 }]],
    [
      'an order of another length',
      [
        { order: [0, 1], drawn: 0 },
        { order: [0, 1], drawn: 1 },
      ],
    ],
    [
      'a repeated position',
      [
        { order: [0, 0, 1], drawn: 0 },
        { order: [0, 1], drawn: 1 },
      ],
    ],
    [
      'a position out of range',
      [
        { order: [0, 1, 3], drawn: 0 },
        { order: [0, 1], drawn: 1 },
      ],
    ],
    [
      'too many drawn',
      [
        { order: [0, 1, 2], drawn: 4 },
        { order: [0, 1], drawn: 1 },
      ],
    ],
  ])('is refused with %s, leaving the sampler as it was', (_, groups) => {
    const draws = new ClassSampler(
      [Int32Array.of(1, 2, 3), Int32Array.of(4, 5)],
      seededPermutations(1),
    );
    draws.next(0, 1);
    const before = draws.getState();
    expect(() => draws.setState({ groups })).toThrow(UsageError);
    expect(draws.getState()).toEqual(before);
  });
});
