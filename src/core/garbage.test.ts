import { expect, it } from 'vitest';
import { collectGarbage } from './garbage.js';

it('collects what nothing refers to any more', () => {
  const left = new WeakRef(Array.from({ length: 10 }));
  const kept = Array.from({ length: 10 });
  const other = new WeakRef(kept);
  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    collectGarbage();
    expect(left.deref()).toBeUndefined();
    expect(other.deref()).toBe(kept);
  });
});
