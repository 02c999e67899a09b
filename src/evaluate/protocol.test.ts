import { describe, expect, it } from 'vitest';
import { startSchedule } from '../nn/index.js';
import { smallPlan } from '../plan/testing/plan.js';
import { trainingSteps } from '../train/train.js';
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

describe('a named protocol', () => {
  it.each(['official', 'dc', 'dsa', 'rded', 'rded-mosaic'] as const)(
    '%s is known by its settings',
    (name) => {
      expect(evaluationProtocol(student, namedProtocols[name], preprocessing).name).toBe(name);
    },
  );

  it.each([
    ['dc', 300],
    ['dsa', 1000],
  ] as const)(
    '%s has the full rate in the epochs 0 to ⌊E/2⌋ + 1 of E + 1, whatever the images',
    (name, epochs) => {
      const protocol = namedProtocols[name];
      for (const [images, stepsPerEpoch] of [
        [10, 1],
        [100, 1],
        [512, 2],
        [5120, 20],
      ] as const) {
        const steps = trainingSteps(protocol, images);
        expect(steps).toBe((epochs + 1) * stepsPerEpoch);
        const schedule = startSchedule(protocol.schedule, steps);
        const at = (step: number) => {
          schedule.setState({ step, scale: 1, best: null, waited: 0 });
          return { factor: schedule.factor(), restarts: schedule.restarts() };
        };
        const milestone = (epochs / 2 + 2) * stepsPerEpoch;
        expect(at(milestone - 1)).toEqual({ factor: 1, restarts: false });
        expect(at(milestone)).toEqual({ factor: 0.1, restarts: true });
        expect(at(milestone + 1)).toEqual({ factor: 0.1, restarts: false });
      }
    },
  );

  it('rded ends at half of its first rate', () => {
    const steps = trainingSteps(namedProtocols.rded, 100);
    const schedule = startSchedule(namedProtocols.rded.schedule, steps);
    expect([steps, schedule.factor()]).toEqual([600, 1]);
    schedule.setState({ step: steps, scale: 1, best: null, waited: 0 });
    expect(schedule.factor()).toBeCloseTo(0.5, 12);
  });
});
