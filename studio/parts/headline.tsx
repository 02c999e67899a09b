import type { ComponentChildren } from 'preact';
import type { RunSummary, RunView } from '../../src/studio/view.js';
import { accuracyText, subjectOf, timeText } from './format.js';

/** A run's name, what it is, whether it works, and how far it is. */
export function Headline({
  run,
  children,
}: {
  readonly run: RunView;
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="headline">
      <div class="headline-text">
        <h1>
          {run.name} <State state={run.state} />
        </h1>
        <p class="quiet">
          {subjectOf(run)}
          {run.began !== undefined && ` · begun ${timeText(run.began)}`}
        </p>
        {run.message !== undefined && (
          <p class={run.state === 'failed' ? 'message' : 'quiet'}>{run.message}</p>
        )}
        <Progress run={run} />
      </div>
      {run.accuracy && (
        <p class="figure-of-merit">
          <strong>{accuracyText(run.accuracy)} %</strong>
          <span>accuracy of networks trained on it</span>
        </p>
      )}
      {children}
    </header>
  );
}

export function State({ state }: Pick<RunSummary, 'state'>) {
  const hints = {
    running: 'a process works on it',
    stopped: 'it was stopped, and can go on',
    failed: 'it has failed; what was done is kept',
    done: 'it is done',
    dead: 'no process works on it any more; it can go on',
  };
  return (
    <span class={`state state-${state}`} title={hints[state]}>
      {state}
    </span>
  );
}

export function Progress({ run: { progress, state, name } }: { readonly run: RunSummary }) {
  if (progress === undefined || state === 'done') return null;
  const { label, done, total } = progress;
  return (
    <span class="progress">
      <progress value={done} max={total} aria-label={`Progress of ${name}`} />
      <span>
        {label} {done.toLocaleString('en-US')}/{total.toLocaleString('en-US')}
      </span>
    </span>
  );
}
