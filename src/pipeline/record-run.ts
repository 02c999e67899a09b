import { cpus, totalmem } from 'node:os';
import { packageVersion } from '../core/version.js';
import { methodOf } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import {
  combine,
  type EventSink,
  type MethodName,
  type RunDirectory,
  type RunStart,
  type Task,
  TensorboardTracker,
  withLifecycle,
} from '../run/index.js';
import { engine } from '../tensor/index.js';

/** What a run is, for the event of its start. */
export interface RunFacts {
  readonly task: Task;
  readonly plan: Plan;
  /** Of a comparison; the plan's when left out. */
  readonly methods?: readonly string[];
  /** Of the data, where it is open already. */
  readonly classNames?: readonly string[] | undefined;
}

export interface RecordOptions extends RunFacts {
  /** Its log is opened, and closed when the work is done. */
  readonly directory: RunDirectory;
  /** Told what the work tells. */
  readonly onEvent: EventSink;
  /** Told the start, the figures of the system and the end too: not of a run within a larger one. */
  readonly onLifecycle?: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does the work of a run while its log is kept: its start, what the work tells, and how it ended.
 * @param work gets the sink for what it tells
 */
export async function recordRun<T>(
  { directory, onEvent, onLifecycle = () => {}, signal, ...facts }: RecordOptions,
  work: (onEvent: EventSink) => Promise<T>,
): Promise<T> {
  using log = directory.openEventLog();
  using tracker = trackerOf(directory, facts);
  const kept = tracker ? combine(log.sink, tracker.sink) : log.sink;
  const whole = { start: startOf(facts), onEvent: combine(kept, onLifecycle), signal };
  const result = await withLifecycle(whole, () => work(combine(kept, onEvent)));
  log.close();
  return result;
}

/** The runs of a comparison have trackers of their own. */
function trackerOf(
  { path, name }: RunDirectory,
  { task, plan }: RunFacts,
): TensorboardTracker | undefined {
  const isTracked = plan.tracking === 'tensorboard' && task !== 'compare';
  return isTracked ? new TensorboardTracker(path, name) : undefined;
}

/** What the event of a run's start tells. The engine must be there. */
export function startOf({
  task,
  plan,
  methods = [plan.distill.method],
  classNames,
}: RunFacts): Omit<RunStart, 'type' | 'formatVersion'> {
  return {
    task,
    plan,
    methods: methods.map(methodName),
    ...(classNames && { classes: classNames }),
    machine: {
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      processors: cpus().length,
      memory: totalmem(),
      threads: plan.threads,
      device: plan.device,
      versions: {
        ncfm: packageVersion(),
        node: process.versions.node,
        libtorch: engine().version,
      },
    },
  };
}

function methodName(method: string): MethodName {
  const { name, title, loss } = methodOf(method);
  return { name, title, loss };
}
