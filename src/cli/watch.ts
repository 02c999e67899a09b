import type { EventSink } from '../run/events.js';
import { TerminalReporter } from '../terminal/terminal.js';
import { interruptible } from './interruption.js';
import type { Invocation } from './invocation.js';
import type { OutputOptions } from './options.js';

export interface Watched {
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

/** Runs a task while its progress is shown on standard error and Ctrl-C can stop it. */
export async function watch<T>(
  invocation: Invocation,
  { quiet }: OutputOptions,
  task: (watched: Watched) => Promise<T>,
): Promise<T> {
  using reporter = new TerminalReporter(invocation.stderr);
  const announce = (): void => {
    reporter.close();
    invocation.tell('Stopping after this step; press Ctrl-C again to stop at once.\n', {});
  };
  const onEvent: EventSink = (event) => {
    if (invocation.isMuted) return;
    if (!quiet || event.type === 'warning') reporter.sink(event);
  };
  return await interruptible(announce, (signal) => task({ onEvent, signal }));
}
