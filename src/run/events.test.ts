import { expect, test } from 'vitest';
import { combine, type RunEvent } from './events.js';

test('a combined sink passes every event to each sink, in the order given', () => {
  const seen: string[] = [];
  const sink = combine(
    (event) => seen.push(`first ${event.type}`),
    (event) => seen.push(`second ${event.type}`),
  );
  sink({ type: 'phase-start', phase: 'distill' });
  sink({ type: 'run-end', seconds: 2 });
  expect(seen).toEqual([
    'first phase-start',
    'second phase-start',
    'first run-end',
    'second run-end',
  ]);
});

test('events pass through JSON unchanged', () => {
  const event: RunEvent = { type: 'evaluate-end', set: 'ncfm', mean: 82.17, std: 0.26, n: 4 };
  expect(JSON.parse(JSON.stringify(event))).toEqual(event);
});
