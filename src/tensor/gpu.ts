import { FailureError, UsageError } from '../core/errors.js';
import { engine } from './device.js';
import { type GpuSwitches, native } from './native.js';
import { op } from './operator.js';
import type { Device } from './tensor.js';

/** Bytes of a GPU's memory. */
export interface GpuMemory {
  /** In use by tensors now, and at most since `releaseGpuMemory`. */
  readonly allocated: number;
  readonly mostAllocated: number;
  /** Held by LibTorch now, in use or kept for reuse, and at most. */
  readonly reserved: number;
  readonly mostReserved: number;
  /** What nobody holds, and all. */
  readonly free: number;
  readonly total: number;
}

const memoryOf = op<[device: number], number[]>('ncfm::gpu_memory');
const release = op<[device: number], unknown>('ncfm::gpu_release_memory');

/**
 * How much of a GPU's memory is taken. Throws UsageError for another device, and FailureError where our kernels for GPUs,
 * which ask LibTorch's allocator, are not loaded.
 */
export function gpuMemory(device: Device): GpuMemory {
  const [allocated, reserved, mostAllocated, mostReserved, free, total] = memoryOf(indexOf(device));
  return {
    allocated: allocated!,
    mostAllocated: mostAllocated!,
    reserved: reserved!,
    mostReserved: mostReserved!,
    free: free!,
    total: total!,
  };
}

/** Gives what LibTorch keeps for reuse back to the GPU, and has the most of both begin anew. Throws as `gpuMemory`. */
export function releaseGpuMemory(device: Device): void {
  release(indexOf(device));
}

function indexOf(device: Device): number {
  const match = /^cuda(?::(\d+))?$/.exec(device);
  if (match === null)
    throw new UsageError(`'${device}' is no GPU; expected 'cuda' or 'cuda:<number>'`);
  const { file, problem } = engine().gpuKernels;
  if (file !== null) return Number(match[1] ?? 0);
  throw new FailureError(
    `the memory of '${device}' cannot be asked for: our kernels for GPUs are not loaded (${problem ?? 'there is no driver'})`,
  );
}

/** How LibTorch's own operators compute on GPUs; with an argument, changes what it names, for all threads of the process. */
export function gpuSwitches(changes?: Partial<GpuSwitches>): GpuSwitches {
  const before = native.gpuSwitches();
  return changes === undefined ? before : native.gpuSwitches({ ...before, ...changes });
}
