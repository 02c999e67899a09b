import { describe, expect, it } from 'vitest';
import { iterationSeconds, networks, speedup, type Task } from './model.js';

const task: Task = { classes: 100, secondsPerClass: 0.1, secondsAlone: 0, summedBytes: 0 };
const [slow, fast] = networks;
const free = { name: 'free', bytesPerSecond: Number.POSITIVE_INFINITY, latency: 0 };

describe('the model of what several processes bring', () => {
  it('divides the classes where nothing else costs time, evenly where they divide', () => {
    expect(speedup(task, 4, free)).toBeCloseTo(4);
    expect(speedup(task, 8, free)).toBeCloseTo(100 / 13);
    expect(speedup(task, 512, free)).toBeCloseTo(100);
  });

  it('counts what is sent and how often', () => {
    const summed = { ...task, secondsPerClass: 0, summedBytes: 1e6 };
    // Two gathers in one message each, three sums in two; each process sends as much as is summed.
    expect(iterationSeconds(summed, 2, slow!)).toBeCloseTo(8 * 30e-6 + 1e6 / 1.25e9, 9);
    expect(speedup(task, 64, fast!)).toBeGreaterThan(speedup(task, 64, slow!));
  });
});
