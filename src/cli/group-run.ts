import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fingerprint, UsageError } from '../core/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import { readLaunch } from '../distributed/launch.js';
import type { Prepared } from '../pipeline/index.js';
import { RunDirectory } from '../run/directory.js';
import type { Invocation } from './invocation.js';
import type { DirectoryOptions, PlanOptions } from './options.js';
import { chooseRun, type RunChoice } from './run-folder.js';

/** Where the processes but the first keep what they write, in the run's folder; deleted at the run's end. */
const ranksFolder = 'ranks';

/** Does work in the group of processes that a launcher has started; alone where it has not. */
export async function withGroup<T>(
  invocation: Invocation,
  cache: string,
  work: (group: ProcessGroup | undefined) => Promise<T>,
): Promise<T> {
  const launch = readLaunch();
  if (launch === undefined) return await work(undefined);
  invocation.isMuted = launch.rank > 0;
  if (invocation.isMuted) invocation.speaker = `process ${launch.rank} of ${launch.size}: `;
  const { joinGroup } = await import('../distributed/index.js');
  const group = (await joinGroup(cache))!;
  using _watch = stopWithAgent();
  try {
    return await work(group);
  } catch (error) {
    group.fail(error);
    throw error;
  } finally {
    await group.leave();
  }
}

const parentMilliseconds = 1000;

/**
 * Stops this process as SIGTERM would when torchrun's agent is gone, which has started it and would start others in its
 * place: nobody ends the workers of an agent that was killed.
 */
function stopWithAgent(): Disposable {
  const agent = process.ppid;
  const isElastic = process.env.TORCHELASTIC_RUN_ID !== undefined;
  const timer = setInterval(() => {
    if (!isElastic || process.ppid === agent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, parentMilliseconds).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * What is to be run, as every process finds it; only the first looks at what is in the run's folder.
 * @throws UsageError where the processes were started with different settings.
 */
export async function chooseTogether(
  group: ProcessGroup,
  source: string | undefined,
  options: PlanOptions & DirectoryOptions,
): Promise<RunChoice> {
  const { replace: _, ...others } = options;
  const wanted = group.isFirst ? options : { ...others, resume: true, acceptChanges: true };
  let choice: RunChoice | undefined;
  const plans = await group.together(async () => {
    choice = await chooseRun(source, wanted);
    return fingerprint(choice.plan);
  });
  const other = plans.findIndex((plan) => plan !== plans[0]);
  if (other >= 0) {
    throw new UsageError(
      `process ${other} was started with other settings than process 0; give all processes of a group the same arguments and files`,
    );
  }
  return choice!;
}

/** How to work within the memory: as the first process has measured, so that all work in the same chunks. */
export function agreeOnMemory(group: ProcessGroup, { data, memory }: Prepared): Prepared {
  return { data, memory: group.exchange(memory)[0]! };
}

/** The run's folder, which is there, and within it that of a process but the first. */
export function rankDirectories(
  { rank }: ProcessGroup,
  run: string,
): { readonly directory: RunDirectory; readonly shared: RunDirectory } {
  const location = { runs: join(run, ranksFolder), name: String(rank) };
  return {
    directory: RunDirectory.create({ ...location, existing: 'continue' }),
    shared: RunDirectory.open({ runs: dirname(run), name: basename(run) }),
  };
}

export function clearRanks(run: string): void {
  rmSync(join(run, ranksFolder), { recursive: true, force: true });
}
