import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError } from './errors.js';
import { pytorchProgram } from './paths.js';

/** How threads wait as the user chose it, before our engine did: each side waits in its own way. */
const { OPENBLAS_THREAD_TIMEOUT, GOMP_SPINCOUNT } = process.env;

/** Which OpenBLAS kernels PyTorch gets: the ones our engine chooses, or OpenBLAS's own choice. */
export type OpenBlas = 'same' | 'default';

export interface ChildOptions {
  /** Threads of the engine, of OpenMP and of OpenBLAS. */
  readonly threads: number;
  /** OPENBLAS_CORETYPE; null leaves the choice to OpenBLAS, undefined to the environment. */
  readonly coreType?: string | null | undefined;
}

/** Runs our side's part of the benchmark in a process of its own, so that its peak memory is its own. */
export function runOurs<Result>(job: object, options: ChildOptions): Promise<Result> {
  const script = fileURLToPath(new URL('./ours.js', import.meta.url));
  return runJson([process.execPath, '--expose-gc', script], job, options, 'our side');
}

/** Runs a job of the PyTorch program, bench/pytorch/main.py. */
export function runPyTorch<Result>(
  python: string,
  job: object,
  options: ChildOptions,
): Promise<Result> {
  return runJson([python, pytorchProgram], job, options, 'the PyTorch program');
}

function runJson<Result>(
  [command = '', ...args]: readonly string[],
  job: object,
  { threads, coreType }: ChildOptions,
  what: string,
): Promise<Result> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      OPENBLAS_THREAD_TIMEOUT,
      GOMP_SPINCOUNT,
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
      PYTHONDONTWRITEBYTECODE: '1',
      ...(coreType === undefined ? {} : { OPENBLAS_CORETYPE: coreType ?? undefined }),
    },
  });
  child.stdin.on('error', () => {}); // it ended before reading its job; its exit code says why
  child.stdin.end(JSON.stringify({ ...job, threads }));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new BenchError(`${what} could not be started: ${cause.message}`, { cause })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output) as Result);
      else reject(new BenchError(`${what} failed (${describeEnd(code, signal)})`));
    });
  });
}

function describeEnd(code: number | null, signal: string | null): string {
  if (signal === 'SIGKILL') return 'killed, probably because memory ran out';
  return signal === null ? `exit code ${code}` : `ended by ${signal}`;
}

/** A Python that can import torch: the one named, by itself or by its environment's folder. Throws BenchError when there is none. */
export function findPython(named = process.env.NCFM_PYTHON): string {
  const candidates =
    named === undefined ? ['/usr/bin/python3', 'python3'] : [named, join(named, 'bin/python')];
  for (const python of candidates) {
    if (spawnSync(python, ['-c', 'import torch, numpy']).status === 0) return python;
  }
  throw new BenchError(
    `no Python with PyTorch was found (tried ${candidates.join(', ')}); run \`apt-get install python3-torch\`, or name a Python that has torch and numpy (--python, or NCFM_PYTHON), or its virtual environment`,
  );
}
