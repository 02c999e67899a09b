import { describe, expect, it } from 'vitest';
import { ncfmOptions } from '../plan/testing/plan.js';
import { loadPlan } from './load.js';

describe('groups of stratified matching', () => {
  it.each([
    ['fashion-quick', [], [1, 10, 40]],
    ['fashion-quick', ['distill.imagesPerClass=1'], [1, 4]],
    ['fashion-ipc50', [], [1, 50]],
    ['fashion-quick', ['distill.matching.groups=[2, 20]'], [2, 20]],
  ])('of %s with %j are %j', (source, overrides, groups) => {
    const { matching } = ncfmOptions(loadPlan({ source, overrides }).plan);
    expect(matching).toMatchObject({ strategy: 'stratified', groups });
  });
});
