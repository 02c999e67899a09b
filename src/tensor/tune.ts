import { readFileSync } from 'node:fs';

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
