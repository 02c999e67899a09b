import { freemem } from 'node:os';
import { messageOf } from '../core/errors.js';
import type { EventSink } from './events.js';
import { eventFormatVersion, type RunStart } from './lifecycle-events.js';

/** How often a run tells that it lives, in seconds. */
export const heartbeatSeconds = 5;

export interface Lifecycle {
  /** What is begun. */
  readonly start: Omit<RunStart, 'type' | 'formatVersion'>;
  /** Told the start, the system's figures and the end. */
  readonly onEvent: EventSink;
  /** Tells a run that was stopped from one that has failed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does the work of a run between the events of its start and its end, with a heartbeat meanwhile. What the work throws is
 * told and thrown on. Nothing that is random or computed depends on it.
 */
export async function withLifecycle<T>(
  { start, onEvent, signal }: Lifecycle,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  onEvent({ type: 'run-start', formatVersion: eventFormatVersion, ...start });
  using _heartbeat = new Heartbeat(onEvent);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    const type = signal?.aborted ? 'run-stopped' : 'run-failed';
    tell(() => onEvent({ type, message: messageOf(error), seconds: seconds() }));
    throw error;
  }
  onEvent({ type: 'run-end', seconds: seconds() });
  return result;
}

/** Tells the system's figures now and every few seconds, without keeping the process alive. */
class Heartbeat implements Disposable {
  readonly #onEvent: EventSink;
  readonly #timer: NodeJS.Timeout;
  #then = performance.now();
  #used = process.cpuUsage();

  constructor(onEvent: EventSink) {
    this.#onEvent = onEvent;
    this.#beat();
    this.#timer = setInterval(() => tell(() => this.#beat()), heartbeatSeconds * 1000).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#used);
    const cpu = now > this.#then ? (user + system) / 1000 / (now - this.#then) : 0;
    this.#then = now;
    this.#used = process.cpuUsage();
    this.#onEvent({ type: 'system', memory: process.memoryUsage.rss(), cpu, free: freemem() });
  }
}

/** A log that cannot be written is told by the next event of the work itself, and never hides what the work threw. */
function tell(event: () => void): void {
  try {
    event();
  } catch {
    // The event that follows, or the error under way, tells it.
  }
}
