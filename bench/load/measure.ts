import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../errors.js';
import { summarizeTimes } from '../statistics.js';
import type { Job, Speed, Work } from './job.js';

/** How threads wait: the environment and the number of threads. */
export interface Waiting {
  readonly name: string;
  readonly threads: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Case {
  readonly work: Work;
  readonly waiting: Waiting;
  readonly loops: number;
}

/** Medians over the rounds. */
export interface Outcome extends Case, Speed {}

/** What a measuring process must not take from the environment of this one. */
const settings = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT'];

/** Runs `body` while so many processes do nothing but use the processor. */
export function besideLoops<T>(loops: number, body: () => T): T {
  // They end with this process, however that ends.
  const program = 'const { ppid } = process; while (process.ppid === ppid);';
  const busy: ChildProcess[] = [];
  try {
    for (let loop = 0; loop < loops; loop++) {
      busy.push(spawn(process.execPath, ['-e', program], { stdio: 'ignore' }));
    }
    return body();
  } finally {
    for (const child of busy) child.kill('SIGKILL');
  }
}

/** Round by round over all cases, so that a change of the machine meets all of them. */
export function measureAll(
  cases: readonly Case[],
  { seconds, rounds }: { readonly seconds: number; readonly rounds: number },
): Outcome[] {
  const speeds = cases.map((): Speed[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { work, waiting, loops }] of cases.entries()) {
      const { name, threads } = waiting;
      const speed = measure({ work, threads, seconds }, waiting);
      speeds[index]!.push(speed);
      process.stderr.write(
        `· ${loops} loops, round ${round}: ${work}, waiting ${name}, ${threads} threads: ${speed.stepsPerSecond.toPrecision(3)} steps/s\n`,
      );
    }
  }
  return cases.map((each, index) => {
    const median = (of: keyof Speed): number =>
      summarizeTimes(speeds[index]!.map((speed) => speed[of])).median;
    return {
      ...each,
      stepsPerSecond: median('stepsPerSecond'),
      processorSecondsPerStep: median('processorSecondsPerStep'),
      slowest: median('slowest'),
    };
  });
}

function measure(job: Job, { environment }: Waiting): Speed {
  const script = fileURLToPath(new URL('./work.js', import.meta.url));
  const own = Object.entries(process.env).filter(([name]) => !settings.includes(name));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, JSON.stringify(job)], {
    encoding: 'utf8',
    env: { ...Object.fromEntries(own), ...environment },
  });
  if (status !== 0) throw new BenchError(`the measuring process failed: ${stderr}`);
  return JSON.parse(stdout) as Speed;
}
