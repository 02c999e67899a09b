import { expect, it } from 'vitest';
import type { LoggedEvent } from './event-log.js';
import { stagesOf } from './stages.js';

const time = '2026-01-01T00:00:00.000Z';

function begun(elapsed: number): LoggedEvent {
  return { type: 'phase-start', phase: 'distill', time, elapsed };
}

function told(elapsed: number): LoggedEvent {
  return { type: 'warning', message: 'meanwhile', time, elapsed };
}

function ended(elapsed: number, seconds: number, peak?: number): LoggedEvent {
  const most = peak === undefined ? {} : { peak };
  return { type: 'phase-end', phase: 'distill', seconds, time, elapsed, ...most };
}

it('a stage takes the time of all processes that have worked on it', () => {
  expect(stagesOf([])).toEqual({});
  expect(stagesOf([begun(1), told(4), ended(5, 4, 700)])).toEqual({
    distill: { seconds: 4, peak: 700 },
  });
  // One that was stopped after 3 seconds, one that was stopped at once, and one that has finished it.
  const processes = [begun(1), told(4), told(0.1), begun(0.5), begun(0.5), told(2), ended(3, 2.5)];
  expect(stagesOf(processes)).toEqual({ distill: { seconds: 5.5 } });
  expect(stagesOf([begun(1), told(3)])).toEqual({ distill: { seconds: 2 } });
});

it('a stage has held the most that any process has while it finished the stage', () => {
  const twice = [begun(0), ended(1, 1, 900), begun(2), ended(3, 1, 300)];
  expect(stagesOf(twice)).toEqual({ distill: { seconds: 2, peak: 900 } });
  expect(stagesOf([begun(0), ended(1, 1), begun(0), ended(1, 1, 300)])).toEqual({
    distill: { seconds: 2, peak: 300 },
  });
});
