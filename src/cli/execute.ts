import { existsSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import type { LoadedPlan } from '../config/index.js';
import type { CheckOptions, PipelineRequest, Prepared } from '../pipeline/index.js';
import type { Plan } from '../plan/index.js';
import { combine, type EventSink } from '../run/events.js';
import type { Task } from '../run/lifecycle-events.js';
import { TerminalReporter } from '../terminal/terminal.js';
import { interruptible } from './interruption.js';
import type { Invocation } from './invocation.js';
import {
  type CacheOptions,
  changesOf,
  type DirectoryOptions,
  type OutputOptions,
  type PlanOptions,
} from './options.js';
import { chooseRun, openRun, requireBegunData } from './run-folder.js';
import { writeRunReport } from './run-report.js';

// The engine is loaded by the commands that need it (`await import`), so that help, and above all the doctor, work
// where it cannot be loaded.

/** Options of the commands that write a run. */
export type RunOptions = PlanOptions & CacheOptions & DirectoryOptions;

export interface Watched {
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

/** Resolves a configuration under the options' overrides. Throws UsageError for a bad one. */
export async function resolvePlan(
  source: string | undefined,
  options: PlanOptions,
): Promise<LoadedPlan> {
  const { loadPlan } = await import('../config/index.js');
  return loadPlan({ ...(source !== undefined && { source }), ...changesOf(options) });
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
    invocation.stderr.write('Stopping after this step; press Ctrl-C again to stop at once.\n');
  };
  const onEvent: EventSink = (event) => {
    if (!quiet || event.type === 'warning') reporter.sink(event);
  };
  return await interruptible(announce, (signal) => task({ onEvent, signal }));
}

export interface RunCommand {
  /** The command's name, to say how to go on. */
  readonly command: Exclude<Task, 'evaluate' | 'label' | 'compare'>;
  /** A preset, a YAML file or a run's folder. */
  readonly source: string | undefined;
  readonly options: RunOptions;
  /** The stages that will run; all when left out. */
  readonly stages?: CheckOptions['stages'];
  /** Checks that the command can run here, before anything is written; `checkPlan` unless given. */
  readonly check?: (plan: Plan, options: CheckOptions) => Promise<Prepared>;
}

/**
 * Runs a task in a run directory, new or one that it goes on in, which has the resolved configuration and keeps the
 * events. A task that fails before it has begun leaves no new directory behind; one that is stopped or fails later can
 * go on, and the user is told how.
 */
export async function executeRun<T>(
  invocation: Invocation,
  { command, source, options, stages, check }: RunCommand,
  task: (request: PipelineRequest) => Promise<T>,
): Promise<T> {
  const choice = await chooseRun(source, options);
  const { plan, yaml, goesOn } = choice;
  const { cache, acceptChanges = false } = options;
  // A run that cannot even start leaves no directory, and above all deletes none.
  const [{ checkPlan }, { datasetFacts }, { recordRun }] = await Promise.all([
    import('../pipeline/prepare.js'),
    import('../pipeline/run-context.js'),
    import('../pipeline/record-run.js'),
  ]);
  const prepared = await watch(invocation, options, (watched) =>
    (check ?? checkPlan)(plan, { cache, ...(stages && { stages }), ...watched }),
  );
  requireBegunData(choice, datasetFacts(prepared.data), options);
  const { directory, lock } = openRun(choice, options);
  using _lock = lock;
  directory.writeConfig(yaml);
  let begun = goesOn;
  const begin: EventSink = () => {
    begun = true;
  };
  try {
    const result = await watch(invocation, options, (watched) => {
      const { classNames } = prepared.data.train;
      const run = { ...watched, task: command, plan, directory, classNames };
      return recordRun({ ...run, onLifecycle: watched.onEvent }, (onEvent) =>
        task({
          plan,
          directory,
          prepared,
          cache,
          acceptChanges,
          onEvent: combine(begin, onEvent),
          signal: watched.signal,
        }),
      );
    });
    await writeRunReport(invocation, directory.path);
    return result;
  } catch (error) {
    if (!begun) rmSync(directory.path, { recursive: true, force: true });
    else if (existsSync(directory.path)) {
      await writeRunReport(invocation, directory.path);
      invocation.advise(goOn(command, directory.path));
    }
    throw error;
  }
}

function goOn(command: string, path: string): string {
  return `What is done is kept. To go on: ncfm ${command} ${relative('', path) || path}`;
}
