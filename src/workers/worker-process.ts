import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FailureError, UsageError } from '../core/index.js';
import type { SeedResult } from '../evaluate/results.js';
import type { EventSink } from '../run/index.js';
import { gpuOptions, isTuned } from '../tensor/index.js';
import type { FromWorker, ToWorker, TrainingJob, WorkerError } from './job.js';

/** A worker process ended before its job was done. */
export class WorkerDeath extends Error {
  override readonly name = 'WorkerDeath';
}

/** Of what a worker process has written to standard error, the end is kept, to explain its death. */
const keptText = 2000;

/** One worker process, as its parent sees it. It does one job at a time. */
export class WorkerProcess implements Disposable {
  readonly #child: ChildProcess;
  #text = '';
  /** Why it has ended, once it has. */
  #death: string | undefined;
  #onMessage: ((message: FromWorker) => void) | undefined;
  #onDeath: ((reason: string) => void) | undefined;

  /** @param threads of the engine's operators */
  constructor(threads: number) {
    const count = String(threads);
    this.#child = fork(
      workerProgram(),
      [count, isTuned() ? 'tuned' : 'plain', JSON.stringify(gpuOptions())],
      {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        // JSON has no infinities, which losses may be.
        serialization: 'advanced',
        // Options of this process (a debugger's port, a test runner's hooks) are not the worker's.
        execArgv: [],
        env: { ...process.env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count },
      },
    );
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#text = (this.#text + text).slice(-keptText);
    });
    this.#child.on('message', (message) => this.#onMessage?.(message as FromWorker));
    this.#child.on('error', ({ message }) => this.#died(message));
    // Once its standard error is read to the end too.
    this.#child.on('close', (code, signal) => this.#died(describeEnd(code, signal)));
  }

  /** The process's number; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /**
   * Does a job. Rejects with the job's own error, or with WorkerDeath when the process ends before.
   * @param onEvent receives the training's events
   */
  async run(job: TrainingJob, onEvent: EventSink): Promise<SeedResult> {
    try {
      return await new Promise((resolve, reject) => {
        this.#onDeath = (reason) => reject(new WorkerDeath(reason));
        if (this.#death !== undefined) return this.#onDeath(this.#death);
        this.#onMessage = (message) => {
          if (message.type === 'event') onEvent(message.event);
          else if (message.type === 'done') resolve(message.result);
          else reject(errorOf(message.error));
        };
        // An error here is the end of the process, which tells itself.
        this.#child.send({ job } satisfies ToWorker, () => {});
      });
    } finally {
      this.#onMessage = undefined;
      this.#onDeath = undefined;
    }
  }

  /** Ends the process at once, whatever it does. */
  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }

  #died(reason: string): void {
    if (this.#death !== undefined) return;
    const text = this.#text.trim();
    this.#death = text === '' ? reason : `${reason}; it wrote: ${text}`;
    this.#onDeath?.(this.#death);
  }
}

function describeEnd(code: number | null, signal: string | null): string {
  if (signal === 'SIGKILL') return 'it was killed (SIGKILL), perhaps because memory ran out';
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}

function errorOf({ name, message, stack }: WorkerError): Error {
  const kinds = { UsageError, FailureError } as const;
  const Kind = Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : Error;
  const error = new Kind(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The compiled program, also where this file runs as TypeScript. Throws FailureError when it is missing. */
function workerProgram(): string {
  const compiled = import.meta.url.endsWith('.ts') ? '../../dist/workers/worker.js' : './worker.js';
  const path = fileURLToPath(new URL(compiled, import.meta.url));
  if (existsSync(path)) return path;
  throw new FailureError(`${path}, the program of worker processes, is missing: npm run build`);
}
