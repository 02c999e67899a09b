import { setTimeout } from 'node:timers/promises';
import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { messageOf } from '../../core/errors.js';
import type { RunStore } from './run-store.js';

/** How often files are looked at, in milliseconds. */
const interval = 1000;
/** Runs that one page may watch. */
const mostWatched = 8;

/** What happens, as server-sent events: the list of runs, or with `?run=` all of those runs. Told when it has changed. */
export function liveRoutes(store: RunStore): Hono {
  const routes = new Hono();
  routes.get('/', (context) => {
    const names = context.req.queries('run')?.slice(0, mostWatched) ?? [];
    return streamSSE(context, async (stream) => {
      const told = new Map<string, unknown>();
      while (!stream.aborted) {
        await tellChanges(stream, told, names.length > 0 ? viewsOf(store, names) : listOf(store));
        await setTimeout(interval);
      }
    });
  });
  return routes;
}

interface Told {
  readonly event: 'runs' | 'run' | 'gone';
  readonly key: string;
  readonly value: unknown;
  /** The same while the value is; the value itself when left out. */
  readonly stamp?: unknown;
}

async function* listOf(store: RunStore): AsyncGenerator<Told> {
  const value = await store.list();
  yield { event: 'runs', key: 'runs', value, stamp: JSON.stringify(value) };
}

async function* viewsOf(store: RunStore, names: readonly string[]): AsyncGenerator<Told> {
  for (const name of names) {
    const gone = (message: string): Told => ({
      event: 'gone',
      key: name,
      value: { name, message },
      stamp: message,
    });
    try {
      const value = await store.view(name);
      yield value ? { event: 'run', key: name, value } : gone('There is no such run.');
    } catch (error) {
      yield gone(messageOf(error));
    }
  }
}

async function tellChanges(
  stream: SSEStreamingApi,
  told: Map<string, unknown>,
  all: AsyncGenerator<Told>,
): Promise<void> {
  for await (const { event, key, value, stamp = value } of all) {
    if (told.get(key) === stamp) continue;
    told.set(key, stamp);
    await stream.writeSSE({ event, data: JSON.stringify(value) });
  }
}
