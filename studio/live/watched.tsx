import type { RunView } from '../../src/studio/view.js';
import { Comparison } from '../comparison.js';
import { RunPage } from '../run-page.js';
import { type Gone, useViews } from './api.js';
import { Disconnected } from './disconnected.js';
import { addressOf } from './route.js';
import { RunControl } from './run-control.js';

interface WatchedProps {
  readonly names: readonly string[];
  readonly hasControl: boolean;
}

/** Runs as they are now, and as they become. */
export function Watched({ names, hasControl }: WatchedProps) {
  const { value, isConnected } = useViews(names);
  const told = names.flatMap((name) => value?.get(name) ?? []);
  const runs = told.filter((one): one is RunView => 'state' in one);
  const gone = told.filter((one): one is Gone => !('state' in one));
  const [run] = runs;
  return (
    <>
      <Disconnected isConnected={isConnected} />
      {gone.map(({ name, message }) => (
        <p key={name} role="alert" class="message">
          {name}: {message}
        </p>
      ))}
      {told.length === 0 && <p class="quiet">Reading {names.join(', ')} …</p>}
      {names.length > 1 && runs.length > 0 && <Comparison runs={runs} />}
      {names.length === 1 && run && (
        <>
          <Members run={run} />
          <RunPage run={run}>{hasControl && <RunControl key={run.state} run={run} />}</RunPage>
        </>
      )}
    </>
  );
}

/** The runs that belong to one, by themselves and beside each other. */
function Members({ run: { members } }: { readonly run: RunView }) {
  if (members.length === 0) return null;
  return (
    <nav class="members" aria-label="Runs that belong to it">
      {members.map((name) => (
        <a key={name} href={addressOf([name])}>
          {name}
        </a>
      ))}
      {members.length > 1 && <a href={addressOf(members.slice(0, 8))}>beside each other</a>}
    </nav>
  );
}
