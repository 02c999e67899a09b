import { useEffect, useState } from 'preact/hooks';
import type { RunSummary, RunView, StudioFacts } from '../../src/studio/view.js';

/** What the server has told so far, and whether it still can. */
export interface Live<T> {
  readonly value: T | undefined;
  readonly isConnected: boolean;
}

/** Listens to server-sent events, from the server's beginning on whenever the address changes. */
function useEvents<T>(address: string, handlers: (set: Setter<T>) => Handlers): Live<T> {
  const [value, setValue] = useState<T | undefined>(undefined);
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    setValue(undefined);
    const source = new EventSource(address);
    for (const [event, handle] of Object.entries(handlers(setValue))) {
      source.addEventListener(event, ({ data }) => handle(JSON.parse(data) as never));
    }
    source.onopen = () => setConnected(true);
    source.onerror = () => setConnected(false);
    return () => source.close();
  }, [address]);
  return { value, isConnected };
}

type Setter<T> = (change: (before: T | undefined) => T) => void;
type Handlers = { readonly [event: string]: (data: never) => void };

export function useRuns(): Live<readonly RunSummary[]> {
  return useEvents('/api/live', (set) => ({ runs: (runs: RunSummary[]) => set(() => runs) }));
}

/** A run that cannot be shown, and why. */
export interface Gone {
  readonly name: string;
  readonly message: string;
}

/** The runs of these names, as far as they have been told. */
export function useViews(names: readonly string[]): Live<ReadonlyMap<string, RunView | Gone>> {
  const query = new URLSearchParams(names.map((name) => ['run', name]));
  return useEvents<ReadonlyMap<string, RunView | Gone>>(`/api/live?${query}`, (set) => {
    const add = (told: RunView | Gone): void =>
      set((before = new Map()) => new Map(before).set(told.name, told));
    return { run: add, gone: add };
  });
}

export function useFacts(): StudioFacts | undefined {
  const [facts, setFacts] = useState<StudioFacts | undefined>(undefined);
  useEffect(() => {
    fetch('/api/studio')
      .then((answer) => answer.json())
      .then(setFacts, () => {});
  }, []);
  return facts;
}

/** Asks the server to do something. Throws an Error with its reason where it cannot. */
export async function ask<T>(what: string, body: object): Promise<T> {
  const answer = await fetch(`/api/control/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}
