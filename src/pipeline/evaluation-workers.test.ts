import { expect, it } from 'vitest';
import { smallPlan } from '../plan/testing/plan.js';
import { openEvaluationWorkers } from './evaluation-workers.js';

it('an evaluation that trains one network at a time needs no other process', () => {
  expect(openEvaluationWorkers({ plan: smallPlan })).toBeUndefined();
});
