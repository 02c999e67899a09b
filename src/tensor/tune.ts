import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { UsageError } from '../core/errors.js';
import { beforeUse, isLoaded } from './native.js';

let tuned = false;

/**
 * Sets this process up for long computations, as the command line does with its own. To be called before anything else
 * of the library computes; without it, importing the library changes nothing in the process, and everything works, but
 * slower. What it changes is the whole process's:
 *
 * - `OPENBLAS_CORETYPE`, `OPENBLAS_THREAD_TIMEOUT` and `GOMP_SPINCOUNT` are set in `process.env`, unless they are there:
 *   the kernels of matrix products fit the processor, and threads that wait sleep soon. Children inherit them.
 * - Freed memory stays with the process: `malloc` gives none back to the system, and large tensors take blocks that are
 *   kept for reuse, at most a quarter, and 64 MiB, more than was ever used at once (on Linux, with the GNU C library).
 *
 * Does nothing when called again. Throws UsageError once LibTorch has been loaded, which happens at the first tensor: its
 * libraries read their settings only then; and in a thread of `worker_threads`, which has a copy of the environment.
 */
export function tuneProcess(): void {
  if (tuned) return;
  if (!isMainThread) {
    throw new UsageError(
      'tuneProcess() is about the whole process: call it on its main thread, before worker threads are started',
    );
  }
  if (isLoaded()) {
    throw new UsageError(
      'tuneProcess() comes too late: LibTorch is loaded, and its libraries read their settings only then; call it before the first tensor is made',
    );
  }
  chooseBlasKernels();
  letBlasThreadsSleep();
  letOpenMpThreadsSleep();
  beforeUse(({ keepFreedMemory }) => void keepFreedMemory());
  tuned = true;
}

export function isTuned(): boolean {
  return tuned;
}

/**
 * Chooses OpenBLAS's kernels by the processor's instructions, before OpenBLAS is loaded. OpenBLAS chooses by processor
 * model and takes its slowest kernels (SSE3) for a model newer than itself: Debian 12's does so on Intel's Sapphire
 * Rapids, where matrix products are 4.5 times slower for it. A choice the user made (`OPENBLAS_CORETYPE`) stays. Other
 * BLAS libraries ignore the variable.
 */
export function chooseBlasKernels(
  environment: NodeJS.ProcessEnv = process.env,
  instructions: ReadonlySet<string> = cpuInstructions(),
): void {
  if (environment.OPENBLAS_CORETYPE !== undefined) return;
  const kernels = openBlasKernels(instructions);
  if (kernels !== undefined) environment.OPENBLAS_CORETYPE = kernels;
}

/**
 * Lets OpenBLAS's idle threads sleep after microseconds, before OpenBLAS is loaded. They would otherwise spin for tens of
 * milliseconds behind every matrix product, on the cores that LibTorch's own threads need for the next operator: 13 % of a
 * small network's distillation on two cores. A choice the user made (`OPENBLAS_THREAD_TIMEOUT`) stays.
 */
export function letBlasThreadsSleep(environment: NodeJS.ProcessEnv = process.env): void {
  // A power of two of processor cycles.
  environment.OPENBLAS_THREAD_TIMEOUT ??= '10';
}

/**
 * Lets the threads of GNU's OpenMP sleep after some tens of microseconds at a barrier, before it is loaded. They would
 * otherwise spin for milliseconds, which an idle machine does not notice; but as soon as another process takes a core for a
 * moment, the thread that it kept from working is waited for at full speed, on the core that it could have, and steps take
 * ten times as long. A choice the user made (`GOMP_SPINCOUNT`, `OMP_WAIT_POLICY`) stays.
 */
export function letOpenMpThreadsSleep(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment.OMP_WAIT_POLICY !== undefined) return;
  // Turns of the loop that waits.
  environment.GOMP_SPINCOUNT ??= '1000';
}

/** OpenBLAS's name of its best x86-64 kernels for these instructions; undefined leaves the choice to OpenBLAS. */
function openBlasKernels(instructions: ReadonlySet<string>): string | undefined {
  const all = (...names: string[]): boolean => names.every((name) => instructions.has(name));
  if (all('avx512f', 'avx512cd', 'avx512bw', 'avx512dq', 'avx512vl')) return 'SkylakeX';
  if (all('avx2', 'fma')) return 'Haswell';
  return undefined;
}

/** The processor's instruction sets as Linux names them; empty elsewhere. */
export function cpuInstructions(): ReadonlySet<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return new Set();
  try {
    const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(flags?.[1]?.split(' '));
  } catch {
    return new Set();
  }
}
