import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LoadedPlan } from '../config/index.js';
import { RunDirectory } from '../run/directory.js';
import { combine, type EventSink } from '../run/events.js';
import type { CheckOptions, PipelineRequest, Plan, Prepared } from '../tasks/index.js';
import { UsageError } from '../tensor/errors.js';
import { interruptible } from './interruption.js';
import type { Invocation } from './invocation.js';
import {
  type CacheOptions,
  changesOf,
  type DirectoryOptions,
  type OutputOptions,
  type PlanOptions,
} from './options.js';
import { TerminalReporter } from './report/terminal.js';

// The engine is loaded by the commands that need it (`await import`), so that help, and above all the doctor, work
// where it cannot be loaded.

/** Options of the commands that write a run. */
export type RunOptions = PlanOptions & CacheOptions & DirectoryOptions;

/** What a task gets from the command line. */
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

/**
 * Runs a task in a new run directory, which has the resolved configuration and keeps the events. A task that fails
 * before it has begun leaves no directory behind.
 */
export async function executeRun<T>(
  invocation: Invocation,
  source: string | undefined,
  options: RunOptions,
  task: (request: PipelineRequest) => Promise<T>,
  stages?: CheckOptions['stages'],
): Promise<T> {
  const { plan, yaml } = await resolvePlan(source, options);
  const { directory, prepared } = await openDirectory(invocation, plan, options, stages);
  directory.writeConfig(yaml);
  let begun = false;
  const begin: EventSink = () => {
    begun = true;
  };
  try {
    using log = directory.openEventLog();
    return await watch(invocation, options, ({ onEvent, signal }) =>
      task({
        plan,
        directory,
        prepared,
        cache: options.cache,
        onEvent: combine(begin, log.sink, onEvent),
        signal,
      }),
    );
  } catch (error) {
    if (!begun) rmSync(directory.path, { recursive: true, force: true });
    throw error;
  }
}

async function openDirectory(
  invocation: Invocation,
  plan: Plan,
  options: RunOptions,
  stages: CheckOptions['stages'],
): Promise<{ directory: RunDirectory; prepared: Prepared }> {
  const { name } = plan;
  const { runs, cache, replace = false } = options;
  const path = resolve(runs, name);
  if (!replace && existsSync(resolve(path, 'config.yaml'))) {
    throw new UsageError(
      `the run ${path} exists already; choose another name with --name, or replace it with --replace`,
    );
  }
  // A run that cannot even start leaves no directory, and above all deletes none.
  const { checkPlan } = await import('../tasks/prepare.js');
  const prepared = await watch(invocation, options, (watched) =>
    checkPlan(plan, { cache, ...(stages && { stages }), ...watched }),
  );
  const existing = replace ? 'replace' : 'refuse';
  return { directory: RunDirectory.create({ runs, name, existing }), prepared };
}
