import { setImmediate } from 'node:timers/promises';

/**
 * Lets pending signals, timers and output be handled between two steps of a loop, and stops the loop when `signal` was
 * aborted: throws its reason.
 */
export async function yieldToEvents(signal?: AbortSignal): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
