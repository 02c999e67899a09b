import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Holder, holderOf } from '../../core/lock.js';
import { heartbeatSeconds } from '../../run/lifecycle.js';
import type { RunState } from '../view.js';
import type { LogState } from './log-state.js';

/** Heartbeats that may be missing of a run on another machine, of whose processes nothing is known. */
const missedBeats = 6;

/** Whether a run works, and if not, how it has ended. Logs of version 1 tell no more than that a run is done. */
export function stateOf(
  folder: string,
  { start, end, told }: Pick<LogState, 'start' | 'end' | 'told'>,
  now = Date.now(),
): RunState {
  if (end?.type === 'run-end') return 'done';
  if (end?.type === 'run-stopped') return 'stopped';
  if (end?.type === 'run-failed') return 'failed';
  const holder = holderNear(folder);
  if (holder !== undefined) {
    const silence = (now - Date.parse(told ?? '')) / 1000;
    const isElsewhere = holder.host !== hostname();
    return isElsewhere && silence > missedBeats * heartbeatSeconds ? 'dead' : 'running';
  }
  const isDone = start === undefined && existsSync(join(folder, 'results.json'));
  return isDone ? 'done' : 'dead';
}

/** The process at work on a run: a further distillation is kept by the lock of the run that it belongs to. */
export function holderNear(folder: string): Holder | undefined {
  const isRepeat = basename(dirname(folder)) === 'repeats';
  return (
    holderOf(join(folder, 'lock')) ?? (isRepeat ? holderOf(join(folder, '../../lock')) : undefined)
  );
}
