import { describe, expect, it } from 'vitest';
import { featureDimension, iterationWork, networkWork } from './flops.js';
import { settings } from './settings.js';

const problemOf = (name: string) => settings.find((setting) => setting.name === name)!.problem;
const official = problemOf('official');
const once = { psi: false, amortise: 1 };

describe('the work of the network', () => {
  it('is two operations for each multiply-add of its three convolutions', () => {
    const first = 2 * 32 * 32 * 128 * (1 * 9);
    const second = 2 * 16 * 16 * 128 * (128 * 9);
    const third = 2 * 8 * 8 * 128 * (128 * 9);
    expect(networkWork(official).flops).toBe(first + second + third);
  });

  it('has 2048 features at the end for 28×28 grey and for 32×32 colour images', () => {
    expect(featureDimension(official)).toBe(2048);
    expect(featureDimension(problemOf('cifar100'))).toBe(2048);
  });
});

describe('the work of an iteration', () => {
  it('sends every real image through the network, a part of the iterations when they share', () => {
    const real = iterationWork(official, once).real.flops;
    expect(real).toBe(10 * 1024 * networkWork(official).flops);
    expect(iterationWork(official, { ...once, amortise: 5 }).real.flops).toBe(real / 5);
  });

  it('projects real and synthetic features once', () => {
    const { characteristic } = iterationWork(official, once);
    expect(characteristic.flops).toBe(2 * (10_240 + 400) * 2048 * 4096);
  });

  it('sums up its phases', () => {
    const { total, ...phases } = iterationWork(official, { psi: true, amortise: 1 });
    const sum = Object.values(phases).reduce((flops, phase) => flops + phase.flops, 0);
    expect(total.flops).toBe(sum);
    expect(total.flops).toBeGreaterThan(iterationWork(official, once).total.flops);
  });

  it('grows with the synthetic images alone when there are more of them', () => {
    const [few, many] = ['paper', 'paper-ipc50'].map((name) =>
      iterationWork(problemOf(name), once),
    );
    expect(many!.synthetic.flops).toBe(5 * few!.synthetic.flops);
    expect(many!.real).toEqual(few!.real);
  });
});
