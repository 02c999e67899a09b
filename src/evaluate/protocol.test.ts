import { describe, expect, it } from 'vitest';
import { smallPlan } from '../plan/testing/plan.js';
import { evaluationProtocol, namedProtocols } from './protocol.js';

const student = smallPlan.student;
const preprocessing = { normalization: { mean: [0.5], std: [0.25] } };
const { official } = namedProtocols;

describe('the protocol of an evaluation', () => {
  it('has the name of the settings that it is', () => {
    expect(evaluationProtocol(student, official, preprocessing).name).toBe('official');
    const fewer = { ...official, seeds: 3 };
    expect(evaluationProtocol(student, fewer, preprocessing).name).toBe('official');
    const other = { ...official, cutMix: 0 };
    expect(evaluationProtocol(student, other, preprocessing).name).toBe('custom');
  });

  it('has the same hash however its settings are ordered, and whatever the number of seeds', () => {
    const { hash } = evaluationProtocol(student, official, preprocessing);
    const turned = Object.fromEntries(Object.entries(official).toReversed()) as typeof official;
    expect(evaluationProtocol(student, turned, preprocessing).hash).toBe(hash);
    expect(evaluationProtocol(student, { ...official, seeds: 2 }, preprocessing).hash).toBe(hash);
  });

  it('has another hash for anything that changes an accuracy', () => {
    const { hash } = evaluationProtocol(student, official, preprocessing);
    const others = [
      evaluationProtocol({ ...student, name: 'convnet', width: 9 }, official, preprocessing),
      evaluationProtocol(student, { ...official, batchSize: 64 }, preprocessing),
      evaluationProtocol(student, official, { normalization: { mean: [0.4], std: [0.25] } }),
    ];
    for (const other of others) expect(other.hash).not.toBe(hash);
  });
});
