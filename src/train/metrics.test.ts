import { describe, expect, it } from 'vitest';
import { MetricsCollector } from './metrics.js';

/** Rows of probabilities, as the collector takes them. */
function logarithms(rows: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(rows.flat(), Math.log);
}

describe('the metrics of a test', () => {
  it('count what was predicted for each class', () => {
    const collector = new MetricsCollector(3);
    const rows = [
      [0.7, 0.2, 0.1],
      [0.6, 0.3, 0.1],
      [0.1, 0.8, 0.1],
      [0.2, 0.5, 0.3],
    ];
    collector.add(logarithms(rows.slice(0, 3)), Int32Array.of(0, 1, 1));
    collector.add(logarithms(rows.slice(3)), Int32Array.of(2));
    const { accuracy, perClass, confusion, loss, topFive } = collector.result();
    expect(accuracy).toBe(50);
    expect(confusion).toEqual([
      [1, 0, 0],
      [1, 1, 0],
      [0, 1, 0],
    ]);
    expect(perClass).toEqual([100, 50, 0]);
    expect(loss).toBeCloseTo(-Math.log(0.7 * 0.3 * 0.8 * 0.3) / 4, 6);
    expect(topFive).toBeUndefined();
  });

  it('are refused for scores that are not numbers', () => {
    const collector = new MetricsCollector(2);
    const scores = Float32Array.of(Number.NaN, Number.NaN);
    expect(() => collector.add(scores, Int32Array.of(1))).toThrow(/^training diverged/);
  });

  it('say when a class has no images', () => {
    const collector = new MetricsCollector(2);
    collector.add(logarithms([[0.9, 0.1]]), Int32Array.of(0));
    expect(collector.result().perClass).toEqual([100, null]);
  });

  it('count an image as among the first five up to rank five, the lower class first where scores are equal', () => {
    const collector = new MetricsCollector(7);
    const falling = [0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05];
    const level = new Array<number>(7).fill(1 / 7);
    collector.add(logarithms([falling, falling, level, level]), Int32Array.of(4, 5, 4, 5));
    expect(collector.result().topFive).toBe(50);
  });

  it('tell how far confidence and accuracy are apart, bin by bin', () => {
    const collector = new MetricsCollector(2);
    // Two images at confidence 0.95, of which one is right: 0.45 apart; two at 0.75, both right: 0.25 apart.
    const rows = [
      [0.95, 0.05],
      [0.95, 0.05],
      [0.25, 0.75],
      [0.75, 0.25],
    ];
    collector.add(logarithms(rows), Int32Array.of(0, 1, 1, 0));
    expect(collector.result().calibrationError).toBeCloseTo((2 * 45 + 2 * 25) / 4, 3);
  });

  it('are refused when nothing was classified', () => {
    expect(() => new MetricsCollector(2).result()).toThrow(/no images/);
  });
});
