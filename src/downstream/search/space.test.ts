import { describe, expect, it } from 'vitest';
import { liveTensors } from '../../tensor/index.js';
import { candidatesOf, fittingCandidates, searchSpaces } from './space.js';

const digits = { channels: 1, height: 8, width: 8 };

describe('a space of architectures', () => {
  it('has 720 networks when full and 36 when small, each with a name of its own', () => {
    for (const [space, count] of [['full', 720] as const, ['small', 36] as const]) {
      const names = candidatesOf(searchSpaces[space]).map(({ name }) => name);
      expect(names).toHaveLength(count);
      expect(new Set(names).size).toBe(count);
    }
  });

  it('has a network once, even where a value is listed twice', () => {
    const space = { ...searchSpaces.small, widths: [8, 8] };
    expect(candidatesOf(space)).toHaveLength(18);
  });

  it('is divided by what the images allow', () => {
    const before = liveTensors();
    const space = { ...searchSpaces.small, widths: [4], depths: [2, 4], norms: ['none'] as const };
    const { candidates, unfit } = fittingCandidates(space, digits, 10);
    expect(liveTensors()).toBe(before);
    expect(candidates.map(({ name }) => name)).toEqual([
      'w4-d2-none-relu-max',
      'w4-d2-none-relu-average',
    ]);
    expect(unfit).toHaveLength(2);
  });

  it('is refused when there is nothing to choose from, with the reason', () => {
    const space = { ...searchSpaces.small, depths: [5] };
    expect(() => fittingCandidates(space, digits, 10)).toThrow(
      /^search\.space: there must be two networks or more .* 0 can take 8×8 images: a ConvNet of depth 5/,
    );
  });
});
