import { expect, it } from 'vitest';
import { liveTensors, Readings, scope, standInDevice, synchronizingCalls } from './index.js';
import { describeOnStandIn, full } from './testing/on-device.js';

describeOnStandIn('Readings', () => {
  const device = standInDevice;

  it('read all that was noted when one is looked at, and wait once', () => {
    const before = { live: liveTensors(), waits: synchronizingCalls() };
    using readings = new Readings();
    const noted = [1.5, -2, 1 / 3].map((value) =>
      scope(() => readings.note(full([], value, { dtype: 'float64', device }))),
    );
    expect([readings.pending, synchronizingCalls()]).toEqual([3, before.waits]);
    expect(noted.map(({ value }) => value)).toEqual([1.5, -2, 1 / 3]);
    expect([readings.pending, synchronizingCalls()]).toEqual([0, before.waits + 1]);
    expect(liveTensors()).toBe(before.live);
  });

  it('keep what they note as it was', () => {
    using readings = new Readings();
    using scalar = full([], 3, { dtype: 'float64', device });
    const noted = readings.note(scalar);
    scalar.zero_();
    expect(noted.value).toBe(3);
  });

  it('are not looked at by a scope that they are returned from', () => {
    using readings = new Readings();
    const noted = scope(() => ({ inner: readings.note(full([], 2, { device })) }));
    expect(readings.pending).toBe(1);
    expect(noted.inner.value).toBe(2);
  });

  it('tell truths as 1', () => {
    using readings = new Readings();
    using truth = full([], 2, { device }).gt(1);
    expect(readings.note(truth).value).toBe(1);
  });

  it('release what nobody looked at', () => {
    const before = liveTensors();
    const readings = new Readings();
    scope(() => readings.note(full([], 2, { device })));
    readings[Symbol.dispose]();
    expect(liveTensors()).toBe(before);
  });
});
