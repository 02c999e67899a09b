import { FailureError } from '../core/index.js';
import { staticLabels } from '../evaluate/evaluate-seed.js';
import type { EvaluateRequest, SeedTrainer } from '../evaluate/request.js';
import type { SeedResult } from '../evaluate/results.js';
import { isDataset } from '../evaluate/training-images.js';
import type { EventSink } from '../run/index.js';
import { jobName, type TrainingJob } from './job.js';
import { JobFiles } from './job-files.js';
import { WorkerDeath, WorkerProcess } from './worker-process.js';

export interface WorkerPoolOptions {
  /** Processes at once, from 1; each is started when there is a job for it. */
  readonly workers: number;
  /** Threads of the engine's operators in each. */
  readonly threads: number;
  /** Folder for the images that the processes read, which is emptied; a temporary one when left out. */
  readonly scratch?: string;
  /** Ends the processes at once; what they were doing rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Processes that train networks, several at a time: the engine has one generator and one number of threads for a whole
 * process. A network's figures depend on the number of threads, in the last digits, and on nothing else of the pool. The
 * processes end when the pool is disposed, at the signal, and when this process ends, however it does.
 */
export class WorkerPool implements SeedTrainer, Disposable {
  readonly threads: number;
  readonly #most: number;
  readonly #files: JobFiles;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#endProcesses();
  readonly #processes = new Set<WorkerProcess>();
  readonly #idle: WorkerProcess[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #disposed = false;

  constructor({ workers, threads, scratch, signal }: WorkerPoolOptions) {
    this.threads = threads;
    this.#most = workers;
    this.#files = new JobFiles(scratch);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** The numbers of the processes that have been started and not ended. */
  get pids(): readonly number[] {
    return [...this.#processes].flatMap(({ pid, alive }) =>
      alive && pid !== undefined ? [pid] : [],
    );
  }

  /**
   * Trains and tests one seed's network of an evaluation in a worker process, as soon as one is free; as `evaluateSeed`
   * does in this process. A job whose process dies is tried once more in a new one. Rejects with the job's own error,
   * with FailureError naming a job whose process has died twice, or with the signal's reason.
   */
  async train(request: EvaluateRequest, seed: number): Promise<SeedResult> {
    const job = await this.#describe(request, seed);
    await this.#turn();
    try {
      return await this.#attempt(job, request.onEvent);
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#endProcesses();
    this.#files[Symbol.dispose]();
  }

  /** Soft labels of single images are asked of the teacher here, where it is. */
  async #describe(request: EvaluateRequest, seed: number): Promise<TrainingJob> {
    if (request.options.labels.mode === 'on-the-fly') {
      throw new FailureError('worker processes cannot ask a teacher for labels on the fly');
    }
    const data = request.data(seed);
    using given = await staticLabels(request, data);
    return this.#files.job(request, seed, isDataset(data) ? data : { ...data, ...given.labels });
  }

  async #turn(): Promise<void> {
    this.#requireOpen();
    while (this.#busy >= this.#most) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#requireOpen();
    }
    this.#busy += 1;
  }

  async #attempt(job: TrainingJob, onEvent: EventSink, again = true): Promise<SeedResult> {
    const worker = this.#take();
    try {
      return await worker.run(job, onEvent);
    } catch (error) {
      this.#requireOpen();
      if (!(error instanceof WorkerDeath)) throw error;
      if (again) return await this.#attempt(job, onEvent, false);
      throw new FailureError(
        `${jobName(job)} failed twice: its process ended before it was done; ${error.message}`,
        { cause: error },
      );
    } finally {
      if (worker.alive && !this.#disposed) this.#idle.push(worker);
      else this.#processes.delete(worker);
    }
  }

  /** An idle process that is still there, or a new one. */
  #take(): WorkerProcess {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.alive) return idle;
      this.#processes.delete(idle);
    }
    const worker = new WorkerProcess(this.threads);
    this.#processes.add(worker);
    return worker;
  }

  #requireOpen(): void {
    this.#signal?.throwIfAborted();
    if (this.#disposed) throw new FailureError('the pool of worker processes was disposed');
  }

  #endProcesses(): void {
    for (const worker of this.#processes) worker[Symbol.dispose]();
    this.#idle.length = 0;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
