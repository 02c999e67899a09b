import { describe, expect, test } from 'vitest';
import { testDevice } from '../tensor/testing/on-device.js';
import type { EventSink, RunEvent } from './events.js';
import { type Lifecycle, withLifecycle } from './lifecycle.js';

const start: Lifecycle['start'] = {
  task: 'run',
  plan: { seed: 1 },
  methods: [{ name: 'dm', title: 'DM', loss: 'distance' }],
  machine: {
    platform: 'linux-x64',
    cpu: 'any',
    processors: 2,
    memory: 1,
    threads: 1,
    device: testDevice,
    versions: { ncfm: '1', node: '2', libtorch: '3' },
  },
};

function recorded(): { readonly events: RunEvent[]; readonly onEvent: EventSink } {
  const events: RunEvent[] = [];
  return { events, onEvent: (event) => void events.push(event) };
}

describe('the lifecycle of a run', () => {
  test('tells what it is, the figures of the system, and its end', async () => {
    const { events, onEvent } = recorded();
    expect(await withLifecycle({ start, onEvent }, async () => 42)).toBe(42);
    expect(events.map(({ type }) => type)).toEqual(['run-start', 'system', 'run-end']);
    expect(events[0]).toEqual({ type: 'run-start', formatVersion: 2, ...start });
    const [, system, end] = events;
    expect(system).toMatchObject({ memory: expect.any(Number), free: expect.any(Number) });
    expect(end).toMatchObject({ seconds: expect.any(Number) });
  });

  test('tells a failure with its message, and throws it on', async () => {
    const { events, onEvent } = recorded();
    const work = async () => Promise.reject(new Error('the disk is full'));
    await expect(withLifecycle({ start, onEvent }, work)).rejects.toThrow('the disk is full');
    expect(events.at(-1)).toMatchObject({ type: 'run-failed', message: 'the disk is full' });
  });

  test('tells a stop from a failure', async () => {
    const { events, onEvent } = recorded();
    const stopped = AbortSignal.abort(new Error('stopped by Ctrl-C'));
    const work = async () => stopped.throwIfAborted();
    await expect(withLifecycle({ start, onEvent, signal: stopped }, work)).rejects.toThrow();
    expect(events.at(-1)).toMatchObject({ type: 'run-stopped', message: 'stopped by Ctrl-C' });
  });

  test('a log that can no longer be written does not hide what the work threw', async () => {
    const onEvent: EventSink = ({ type }) => {
      if (type === 'run-failed') throw new Error('no space');
    };
    const work = async () => Promise.reject(new Error('the cause'));
    await expect(withLifecycle({ start, onEvent }, work)).rejects.toThrow('the cause');
  });
});
