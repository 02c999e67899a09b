import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/errors.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { EventLog, readEvents } from './event-log.js';
import type { RunEvent } from './events.js';

const start: RunEvent = { type: 'phase-start', phase: 'distill' };
const end: RunEvent = { type: 'phase-end', phase: 'distill', seconds: 1.5 };

describe('the event log', () => {
  test('gives back every event in order, with the time and the seconds since it was opened', () => {
    const path = join(temporaryFolder(), 'events.jsonl');
    using log = new EventLog(path);
    log.sink(start);
    log.sink(end);
    const events = readEvents(path);
    expect(events).toMatchObject([start, end]);
    for (const event of events) {
      expect(new Date(event.time).toISOString()).toBe(event.time);
      expect(Math.abs(Date.now() - Date.parse(event.time))).toBeLessThan(60_000);
      expect(event.elapsed).toBeGreaterThanOrEqual(0);
      expect(event.elapsed).toBeLessThan(60);
    }
  });

  test('can be read while it is being written', () => {
    const path = join(temporaryFolder(), 'events.jsonl');
    using log = new EventLog(path);
    log.sink(start);
    expect(readEvents(path)).toHaveLength(1);
    log.sink(end);
    expect(readEvents(path)).toHaveLength(2);
  });

  test('goes on after the events of an earlier process', () => {
    const path = join(temporaryFolder(), 'events.jsonl');
    for (const event of [start, end]) {
      using log = new EventLog(path);
      log.sink(event);
    }
    expect(readEvents(path)).toMatchObject([start, end]);
  });

  test('numbers the lines on from those of an earlier process, of an older format too', () => {
    const path = join(temporaryFolder(), 'events.jsonl');
    writeFileSync(path, `${JSON.stringify({ time: '', elapsed: 0, ...start })}\n`);
    for (const event of [start, end]) {
      using log = new EventLog(path);
      log.sink(event);
    }
    expect(readEvents(path).map(({ sequence }) => sequence)).toEqual([undefined, 2, 3]);
  });

  test('keeps paths as they are from its own folder', () => {
    const folder = temporaryFolder();
    using log = new EventLog(join(folder, 'events.jsonl'));
    log.sink({ type: 'snapshot', iteration: 1, path: join(folder, 'snapshots', '1.png') });
    log.sink({ type: 'distill-resume', iteration: 1, path: join(folder, '..', 'elsewhere') });
    expect(readEvents(join(folder, 'events.jsonl'))).toMatchObject([
      { path: 'snapshots/1.png' },
      { path: '../elsewhere' },
    ]);
  });

  test.each([10, 2_000_000])('cuts off an unfinished line of %i characters', (length) => {
    const path = join(temporaryFolder(), 'events.jsonl');
    {
      using log = new EventLog(path);
      log.sink(start);
    }
    const whole = readFileSync(path, 'utf8');
    appendFileSync(path, `{"type":"${'x'.repeat(length)}`);
    expect(readEvents(path)).toMatchObject([start]);

    using log = new EventLog(path);
    expect(readFileSync(path, 'utf8')).toBe(whole);
    log.sink(end);
    expect(readEvents(path)).toMatchObject([start, end]);
  });

  test('empties a file that holds nothing but an unfinished line', () => {
    const path = join(temporaryFolder(), 'events.jsonl');
    writeFileSync(path, '{"type":"pha');
    new EventLog(path).close();
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  test('keeps one event a line even when a message holds line ends', () => {
    const path = join(temporaryFolder(), 'events.jsonl');
    const warning: RunEvent = { type: 'warning', message: 'first\nsecond' };
    using log = new EventLog(path);
    log.sink(warning);
    expect(readFileSync(path, 'utf8').match(/\n/g)).toHaveLength(1);
    expect(readEvents(path)).toMatchObject([warning]);
  });

  test('refuses events once closed, and may be closed twice', () => {
    const log = new EventLog(join(temporaryFolder(), 'events.jsonl'));
    log.close();
    log.close();
    expect(() => log.sink(start)).toThrow(/events\.jsonl is closed/);
  });
});

describe('reading events', () => {
  test('finds none where there is no log', () => {
    expect(readEvents(join(temporaryFolder(), 'events.jsonl'))).toEqual([]);
  });

  test('refuses a format that only a later version knows', () => {
    const path = join(temporaryFolder(), 'events.jsonl');
    writeFileSync(path, `${JSON.stringify({ type: 'run-start', formatVersion: 9 })}\n`);
    expect(() => readEvents(path)).toThrow(
      /line 1: the log has format 9, this version of ncfm reads formats up to 2/,
    );
  });

  test.each([['not json'], ['42'], ['{"kind":"phase-start"}']])(
    'names the line that holds %s',
    (bad) => {
      const path = join(temporaryFolder(), 'events.jsonl');
      writeFileSync(path, `${JSON.stringify(start)}\n${bad}\n`);
      expect(() => readEvents(path)).toThrow(UsageError);
      expect(() => readEvents(path)).toThrow(`${path}, line 2`);
    },
  );
});
