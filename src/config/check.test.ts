import { describe, expect, it } from 'vitest';
import { problems, smallest } from './testing/configurations.js';

describe('contradictions', () => {
  const stratified = 'distill.matching={ strategy: stratified, realPerCluster: 1, groups: [1, 3] }';
  it.each([
    [
      ['distill.imagesPerClass=5', 'distill.formation={mode: multi, factor: 2}', stratified],
      ['distill.matching.strategy', 'distill.formation.mode'],
    ],
    [
      ['distill.imagesPerClass=5', 'distill.formation.factor=1', stratified],
      ['distill.matching.groups[1]', '3 groups do not divide the 5', 'distill.imagesPerClass 5'],
    ],
    [
      ['distill.matching.realPerClass=1'],
      ['distill.matching.realPerClass', 'distill.frequencies.scale'],
    ],
    [
      ['distill.frequencies={kind: sampling-network, count: 40}'],
      ['distill.frequencies.count', 'distill.frequencies.perComponent (16)', 'found 40'],
    ],
    [
      ['distill.frequencies={kind: sampling-network, count: 64, learnedPerComponent: 17}'],
      ['distill.frequencies.learnedPerComponent', 'perComponent (16)', 'found 17'],
    ],
    [
      [
        'distill.frequencies={kind: sampling-network, count: 64, objective: agreement}',
        'distill.matching.realPerClass=3',
      ],
      ['distill.matching.realPerClass', 'objective agreement needs at least 4', 'found 3'],
    ],
    [
      [
        'distill.frequencies={kind: sampling-network, count: 64, scale: 3, objective: ratio}',
        'distill.matching={ strategy: stratified, realPerCluster: 1 }',
        'distill.formation.factor=1',
      ],
      ['distill.matching.realPerCluster', 'objective ratio needs at least 2', 'found 1'],
    ],
    [
      ['distill.imagesPerClass=5', 'distill.formation={mode: bound, factor: 2, budget: 4}'],
      ['distill.formation.budget', 'distill.imagesPerClass'],
    ],
    [
      ['distill.amortize=11', 'distill.iterations=10'],
      ['distill.amortize', 'distill.iterations (10)', 'found 11'],
    ],
  ])('%j is refused, naming both settings', (overrides, parts) => {
    const found = problems(smallest, { overrides });
    expect(found).toHaveLength(1);
    for (const part of parts) expect(found[0]).toContain(part);
  });
});
