import { describe, expect, it } from 'vitest';
import type { Chunks } from '../../distill/chunks.js';
import { watched } from '../../distill/testing/digits.js';
import { liveTensors } from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import type { CondenseOptions } from '../index.js';
import {
  condenser,
  digits,
  eighths,
  plain,
  type Setting,
  samplingFor,
  samplingNetwork,
  stratified,
} from './testing/condenser.js';

const sgd: Partial<CondenseOptions> = {
  discrepancyWeight: 30,
  optimizer: { kind: 'sgd', learningRate: 0.2 },
};
const fineTuned: Partial<CondenseOptions> = { fineTuning: { kind: 'joint', weight: 1 } };
const tiles = (): Setting => ({ formation: { mode: 'single', factor: 2 }, clusters: eighths() });

const variants: [string, Partial<CondenseOptions>, () => Setting][] = [
  ['plain matching', plain, () => ({})],
  ['a sampling network', samplingNetwork, () => ({})],
  ['fine-tuning', fineTuned, () => ({})],
  ['steps of fine-tuning', { fineTuning: { kind: 'step', weight: 1 } }, () => ({})],
  ['several scales', {}, () => ({ formation: { mode: 'bound', factor: 2, budget: 5 } })],
  ['stratified matching', stratified, tiles],
  [
    'stratified matching, a sampling network and fine-tuning',
    { ...samplingNetwork, ...stratified, ...fineTuned },
    tiles,
  ],
  ['a sampling network after the noise ratio', samplingFor('ratio'), () => ({})],
  ['a sampling network after test power', { ...stratified, ...samplingFor('power', 1e-3) }, tiles],
  [
    'a sampling network after gradient agreement',
    { ...stratified, ...samplingFor('agreement') },
    tiles,
  ],
];

/** One step from the same start and the same draws, in chunks. */
function stepInChunks(options: Partial<CondenseOptions>, setting: Setting, chunks: Chunks) {
  using owner = condenser({ ...options, ...sgd }, { ...setting, chunks });
  const start = numbers(owner.synthetic.images);
  const parameters = () => owner.samplingNetwork?.parameters().flatMap(numbers) ?? [];
  const untrained = parameters();
  const report = owner.step();
  const images = numbers(owner.synthetic.images);
  owner.synthetic.dispose();
  return {
    report,
    moved: images.map((value, index) => value - start[index]!),
    learned: parameters().map((value, index) => value - untrained[index]!),
  };
}

const largest = (values: readonly number[]) => Math.max(0, ...values.map(Math.abs));

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  const errors = actual.map((value, index) => value - expected[index]!);
  const spacing = 2 ** -23; // of stored numbers that are not much above 1
  expect(largest(errors)).toBeLessThanOrEqual(1e-5 * Math.max(1e-3, largest(expected)) + spacing);
}

describe.each(variants)('a step with %s', (_, options, setting) => {
  const whole = stepInChunks(options, setting(), { real: 1000, synthetic: 3 });

  it('moves the images, and what else learns', () => {
    expect(largest(whole.moved)).toBeGreaterThan(1e-3);
    if (options.frequencies?.kind === 'sampling-network')
      expect(largest(whole.learned)).toBeGreaterThan(1e-4);
  });

  it.each([
    [1, 1],
    [3, 2],
    [5, 3],
    [25, 1],
  ])('is the same with %i real images and %i classes at a time', (real, synthetic) => {
    const step = stepInChunks(options, setting(), { real, synthetic });
    expectClose(step.moved, whole.moved);
    expectClose(step.learned, whole.learned);
    const { fineTuneLoss, ...report } = step.report;
    for (const name of Object.keys(report) as (keyof typeof report)[]) {
      const [found, expected] = [step.report[name], whole.report[name]].map((value) =>
        [value].flat(),
      );
      for (const [index, value] of found!.entries()) {
        expect(Number(value) / Number(expected![index]), name).toBeCloseTo(1, 4);
      }
    }
    expect(fineTuneLoss === undefined).toBe(whole.report.fineTuneLoss === undefined);
    expect(fineTuneLoss ?? 0).toBeCloseTo(whole.report.fineTuneLoss ?? 0, 5);
  });
});

describe('a condenser that works in chunks', () => {
  it('reads no more real images at a time than it was told', () => {
    const { dataset, reads } = watched(digits);
    using owner = condenser({}, { dataset, chunks: { real: 10 } });
    reads.length = 0;
    owner.step();
    expect(reads.map(({ length }) => length)).toEqual([10, 10, 10, 6]);
  });

  it('holds a constant number of tensors, and as few as in one piece', () => {
    const options: Partial<CondenseOptions> = {
      ...samplingNetwork,
      fineTuning: { kind: 'joint', weight: 1 },
    };
    const held = (chunks: Chunks) => {
      const before = liveTensors();
      using owner = condenser(options, { chunks });
      const counts = Array.from({ length: 4 }, () => {
        owner.step();
        return liveTensors() - before;
      });
      expect(new Set(counts).size).toBe(1);
      return counts[0];
    };
    expect(held({ real: 5, synthetic: 1 })).toBe(held({ real: 1000, synthetic: 3 }));
  });

  it('reports the mean over the classes, whatever their chunks', () => {
    using owner = condenser(fineTuned, { chunks: { synthetic: 1 } });
    const { fineTuneLoss } = owner.step();
    // An untrained network guesses among three classes: ln 3, not three times as much.
    expect(fineTuneLoss).toBeGreaterThan(0.5);
    expect(fineTuneLoss).toBeLessThan(2);
  });

  it('refuses chunks of nothing', () => {
    using owner = condenser({}, { chunks: { synthetic: 0 } });
    expect(() => owner.step()).toThrow('must be a positive integer, got 0');
  });
});
