import { existsSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import type { LoadedPlan } from '../config/index.js';
import { readAttempt } from '../core/job.js';
import type { ProcessGroup } from '../distributed/index.js';
import type { CheckOptions, PipelineRequest, Prepared } from '../pipeline/index.js';
import type { Plan } from '../plan/index.js';
import type { RunDirectory } from '../run/directory.js';
import { combine, type EventSink } from '../run/events.js';
import type { Task } from '../run/lifecycle-events.js';
import { fitTime, requireOpen } from './fit-time.js';
import {
  agreeOnMemory,
  chooseTogether,
  clearRanks,
  rankDirectories,
  withGroup,
} from './group-run.js';
import type { Invocation } from './invocation.js';
import {
  type CacheOptions,
  changesOf,
  type DirectoryOptions,
  type PlanOptions,
} from './options.js';
import { chooseRun, openRun, type RunChoice, requireBegunData } from './run-folder.js';
import { writeRunReport } from './run-report.js';
import { watch } from './watch.js';

// The engine is loaded by the commands that need it (`await import`), so that help, and above all the doctor, work
// where it cannot be loaded.

/** Options of the commands that write a run. */
export type RunOptions = PlanOptions & CacheOptions & DirectoryOptions;

/** Resolves a configuration under the options' overrides. Throws UsageError for a bad one. */
export async function resolvePlan(
  source: string | undefined,
  options: PlanOptions,
): Promise<LoadedPlan> {
  const { loadPlan } = await import('../config/index.js');
  return loadPlan({ ...(source !== undefined && { source }), ...changesOf(options) });
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
 * go on, and the user is told how. Where a launcher has started several processes they do it together.
 */
export async function executeRun<T>(
  invocation: Invocation,
  run: RunCommand,
  task: (request: PipelineRequest) => Promise<T>,
): Promise<T> {
  return await withGroup(invocation, run.options.cache, (group) =>
    executeIn(group, invocation, run, task),
  );
}

async function executeIn<T>(
  group: ProcessGroup | undefined,
  invocation: Invocation,
  run: RunCommand,
  task: (request: PipelineRequest) => Promise<T>,
): Promise<T> {
  const { source } = run;
  const options = ofAttempt(run.options);
  requireOpen(options, group && 'the processes of a group need them to be settled: see ncfm plan');
  const choice = await (group
    ? chooseTogether(group, source, options)
    : chooseFitting(invocation, source, options));
  // A run that cannot even start leaves no directory, and above all deletes none.
  const prepared = await prepare(group, invocation, run, choice.plan);
  const opened: ReturnType<typeof openRun>[] = [];
  const open = async (): Promise<void> => {
    opened.push(await openPrepared(choice, prepared, options));
  };
  await (group ? group.first(open) : open());
  using _lock = opened[0]?.lock;
  const places = opened[0] ?? rankDirectories(group!, choice.path);
  return await recorded({ group, invocation, run, choice, prepared, places }, task);
}

/** What is to be run, with settings that fill the minutes that were asked for. */
async function chooseFitting(
  invocation: Invocation,
  source: string | undefined,
  options: RunOptions,
): Promise<RunChoice> {
  const choice = await chooseRun(source, options);
  requireOpen(options, choice.goesOn ? `${choice.path} goes on with those it has` : undefined);
  return options.minutes === undefined
    ? choice
    : await chooseRun(source, await fitTime(invocation, choice.plan, options));
}

/** A launcher that starts a run anew means it to go on, whatever it was first started with. */
function ofAttempt(options: RunOptions): RunOptions {
  return readAttempt() === 0 ? options : { ...options, replace: false, resume: true };
}

/** Checks that a plan can run here; the processes of a group each for itself. */
async function prepare(
  group: ProcessGroup | undefined,
  invocation: Invocation,
  { options, stages, check }: RunCommand,
  plan: Plan,
): Promise<Prepared> {
  const { checkPlan } = await import('../pipeline/prepare.js');
  const { cache } = options;
  const own = (): Promise<Prepared> =>
    watch(invocation, options, (watched) =>
      (check ?? checkPlan)(plan, { cache, ...(stages && { stages }), ...watched }),
    );
  if (group === undefined) return await own();
  let prepared: Prepared | undefined;
  await group.together(async () => {
    prepared = await own();
  });
  return agreeOnMemory(group, prepared!);
}

async function openPrepared(
  choice: RunChoice,
  { data }: Prepared,
  options: RunOptions,
): Promise<ReturnType<typeof openRun>> {
  const { datasetFacts } = await import('../pipeline/run-context.js');
  requireBegunData(choice, datasetFacts(data), options);
  const opened = openRun(choice, options);
  opened.directory.writeConfig(choice.yaml);
  return opened;
}

interface Execution {
  readonly group: ProcessGroup | undefined;
  readonly invocation: Invocation;
  readonly run: RunCommand;
  readonly choice: RunChoice;
  readonly prepared: Prepared;
  readonly places: { readonly directory: RunDirectory; readonly shared?: RunDirectory };
}

/** The task itself, with its log; the first process sees to what the user finds in the run's folder afterwards. */
async function recorded<T>(
  { group, invocation, run: { command, options }, choice, prepared, places }: Execution,
  task: (request: PipelineRequest) => Promise<T>,
): Promise<T> {
  const { recordRun } = await import('../pipeline/record-run.js');
  const { directory, shared } = places;
  const { plan, goesOn } = choice;
  const { cache, acceptChanges = false } = options;
  const isFirst = group?.isFirst ?? true;
  let begun = goesOn;
  const begin: EventSink = () => {
    begun = true;
  };
  try {
    const result = await watch(invocation, options, (watched) => {
      const { classNames } = prepared.data.train;
      const run = { ...watched, task: command, plan, directory, classNames };
      return recordRun({ ...run, onLifecycle: watched.onEvent }, async (onEvent) => {
        const events = combine(begin, onEvent);
        const { signal } = watched;
        const request = { plan, directory, prepared, cache, acceptChanges, group, shared, signal };
        const done = await task({ ...request, onEvent: events });
        await group?.together(() => undefined, signal);
        return done;
      });
    });
    if (isFirst) await writeRunReport(invocation, directory.path);
    if (group?.isFirst) clearRanks(directory.path);
    return result;
  } catch (error) {
    if (!isFirst) throw error;
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
