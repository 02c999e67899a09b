import { describe, expect, it } from 'vitest';
import { ncfmOptions } from '../plan/testing/plan.js';
import { plan, problems, smallest } from './testing/configurations.js';

const distill = (...overrides: string[]) => ncfmOptions(plan(smallest, { overrides }));

describe('distill.fineTuning', () => {
  it.each([
    ['none', { kind: 'none' }],
    ['joint', { kind: 'joint', weight: 1, augment: true }],
    ['step', { kind: 'step', weight: 1, augment: true }],
  ])('may be the word %s alone', (word, expected) => {
    expect(distill(`distill.fineTuning=${word}`).fineTuning).toEqual(expected);
  });

  it('is off unless asked for', () => {
    expect(distill().fineTuning).toEqual({ kind: 'none' });
  });

  it('keeps its form where a later layer changes its weight, and nothing where it changes the form', () => {
    const first = 'distill.fineTuning={ kind: joint, weight: 10, augment: false }';
    expect(distill(first, 'distill.fineTuning.weight=3').fineTuning).toEqual({
      kind: 'joint',
      weight: 3,
      augment: false,
    });
    expect(distill(first, 'distill.fineTuning=step').fineTuning).toEqual({
      kind: 'step',
      weight: 1,
      augment: true,
    });
  });

  it.each([
    ['distill.fineTuning={ kind: step, weight: 0 }', /weight: expected a number above 0/],
    ['distill.fineTuning={ kind: calibration }', /expected none, joint or step/],
    ['distill.fineTuning=2', /a mapping with the key 'kind'/],
    ['distill.fineTuneWeight=1', /unknown key; expected one of .*fineTuning/],
  ])('is refused as %s', (override, message) => {
    expect(problems(smallest, { overrides: [override] }).join('\n')).toMatch(message);
  });
});

describe('distill.initialization', () => {
  it('of kind mix takes the nearest pixels unless told to average them', () => {
    expect(distill().initialization).toEqual({ kind: 'mix', filter: 'nearest' });
    expect(distill('distill.initialization.filter=average').initialization).toEqual({
      kind: 'mix',
      filter: 'average',
    });
    const wrong = { overrides: ['distill.initialization.filter=bilinear'] };
    expect(problems(smallest, wrong).join('\n')).toMatch(/expected average or nearest/);
  });
});
