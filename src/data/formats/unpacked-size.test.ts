import { expect, it } from 'vitest';
import { withFreeMemory } from '../testing/memory.js';
import { describeMostUnpacked, mostUnpacked } from './unpacked-size.js';

it('as much is unpacked as a third of the free memory holds, and never less than what is packed', () => {
  withFreeMemory(3 * 2 ** 30);
  expect([mostUnpacked(0), mostUnpacked(1000)]).toEqual([2 ** 30, 2 ** 30]);
  expect(mostUnpacked(2 ** 31)).toBe(2 ** 31);
  expect(describeMostUnpacked(9)).toBe(
    'at most 1073741824 are unpacked, a third of the memory that is free',
  );
  withFreeMemory(0);
  expect(mostUnpacked(1)).toBe(16 * 2 ** 20);
});

it('the memory that is really free is enough for ordinary data', () => {
  expect(mostUnpacked(0)).toBeGreaterThan(16 * 2 ** 20);
});
