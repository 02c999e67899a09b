import { expect, it } from 'vitest';
import { withFreeMemory } from '../testing/memory.js';
import { mostUnpacked, requireRoom } from './unpacked-size.js';

it('as much is unpacked as a third of the free memory holds, and never less than what is packed', () => {
  withFreeMemory(3 * 2 ** 30);
  expect([mostUnpacked(0), mostUnpacked(1000)]).toEqual([2 ** 30, 2 ** 30]);
  expect(mostUnpacked(2 ** 31)).toBe(2 ** 31);
  expect(() => requireRoom('it takes', 2 ** 30 + 1, 9)).toThrow(
    'it takes 1073741825 bytes; at most 1073741824 are unpacked, a third of the memory that is free',
  );
  requireRoom('it takes', 2 ** 30, 9);
  withFreeMemory(0);
  expect(mostUnpacked(1)).toBe(16 * 2 ** 20);
});

it('the memory that is really free is enough for ordinary data', () => {
  expect(mostUnpacked(0)).toBeGreaterThan(16 * 2 ** 20);
});
