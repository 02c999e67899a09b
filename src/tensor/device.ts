import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { FailureError, UsageError } from '../core/errors.js';
import { deviceMemory, heldOnDevice, keepDevicePeaks } from './gpu.js';
import {
  addonPath,
  type EngineDescription,
  native,
  setupCommand,
  type TensorMemory,
} from './native.js';
import type { Device } from './tensor.js';
import { isTuned } from './tune.js';

export function engine(): EngineDescription {
  return native.engine();
}

let addonHash: string | undefined;

/** SHA-256 (hex) of the native addon and of the kernels that it loaded for GPUs: another build may compute other last digits. */
export function engineHash(): string {
  if (addonHash === undefined) {
    const hash = createHash('sha256').update(readFileSync(addonPath()));
    const { file } = engine().gpuKernels;
    if (file !== null) hash.update(readFileSync(file));
    addonHash = hash.digest('hex');
  }
  return addonHash;
}

/**
 * How much memory tensors on the CPU take in large blocks. Throws FailureError where nothing counts them, as
 * `engine().keepsFreedMemory` tells: without `tuneProcess`, and on systems other than Linux.
 */
export function tensorMemory(): TensorMemory {
  const memory = native.memory();
  if (memory !== null) return memory;
  throw new FailureError(
    isTuned()
      ? `the memory of tensors is not counted on ${process.platform}: it comes from the system's allocator; residentMemory() has that of the process`
      : 'the memory of tensors is counted from tuneProcess() on: call it before the first tensor is made; residentMemory() has that of the process',
  );
}

/** The number of threads LibTorch's operators use, matrix products included. */
export function threads(): number {
  return native.threads();
}

/** Sets the number of threads LibTorch's operators use, matrix products included. Throws UsageError unless it is a positive integer. */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new UsageError(`the number of threads must be a positive integer, got ${count}`);
  }
  native.threads(count);
}

/**
 * The number of physical cores this process may use: two hyper-threads of one core share its arithmetic units, so a
 * thread each would only add overhead.
 */
export function physicalCores(): number {
  return Math.max(1, Math.min(availableParallelism(), coresFromSystem() ?? availableParallelism()));
}

function coresFromSystem(): number | undefined {
  const root = '/sys/devices/system/cpu';
  try {
    const siblings = readdirSync(root)
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => readFileSync(`${root}/${name}/topology/thread_siblings_list`, 'utf8').trim());
    return siblings.length > 0 ? new Set(siblings).size : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A device for tests that stands in for a GPU: LibTorch's operators for the CPU, which refuse tensors of another device and
 * count the calls that would make the host wait for a GPU.
 */
export const standInDevice: Device = 'privateuseone:0';

/**
 * How often this process has waited, up to now, for what a GPU was computing: to read a value, or to copy to it from memory
 * that is not pinned. All such calls are counted on the stand-in, on a GPU those that read.
 */
export function synchronizingCalls(): number {
  return native.synchronizingCalls();
}

/** Checks that a device can be used here. Throws UsageError saying what is missing. */
export function requireDevice(device: Device): Device {
  if (device === 'cpu' || device === standInDevice) return device;
  const match = /^cuda(?::(\d+))?$/.exec(device);
  if (match === null)
    throw new UsageError(`unknown device '${device}'; use 'cpu', 'cuda' or 'cuda:<number>'`);
  const { cuda, cudaDevices, version } = engine();
  if (!cuda) {
    throw new UsageError(
      `device '${device}' was asked for, but this build of LibTorch (${version}) sees no CUDA GPU. Install a driver and a CUDA build of LibTorch, set LIBTORCH to its directory and run \`${setupCommand}\` again; or use --device cpu.`,
    );
  }
  const index = Number(match[1] ?? 0);
  if (index >= cudaDevices) {
    throw new UsageError(
      `device '${device}' was asked for, but there are ${cudaDevices} CUDA devices (numbered from 0)`,
    );
  }
  return device;
}

/**
 * Gives the memory that is kept for reuse back to the system, and has `tensorMemory` count the most anew. Between two kinds
 * of work, whose tensors are of other sizes.
 */
export function releaseMemory(): void {
  keepDevicePeaks();
  native.releaseMemory();
}

/** The most that was resident before the peak was counted anew. */
let earlierPeak = 0;

/** The process's memory in bytes: resident now, and the most it ever was. */
export function residentMemory(): { readonly current: number; readonly peak: number } {
  return { current: process.memoryUsage.rss(), peak: Math.max(earlierPeak, systemPeak()) };
}

/**
 * Has `recentPeak` begin anew, with no memory kept for reuse, as if nothing had been computed yet. Throws FailureError where
 * the system does not let its count of the peak be reset.
 */
export function resetPeak(): void {
  releaseMemory();
  earlierPeak = residentMemory().peak;
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch (cause) {
    throw new FailureError(
      `the memory that work takes cannot be measured here, because this system does not count the peak of a process anew (${(cause as Error).message}); use memory: auto, and set chunks by hand`,
      { cause },
    );
  }
}

/** The most bytes of main memory that the process has held since `resetPeak`. */
export function recentPeak(): number {
  return systemPeak();
}

/** Whether the memory that this process takes on a device is measured: a GPU's where the addon tells it. */
export function measuresMemory(device: Device): boolean {
  return device === 'cpu' || deviceMemory(device) !== undefined;
}

/**
 * Bytes that this process holds now, the most since `resetPeak`, and the most it ever did: of a GPU's memory as LibTorch's
 * allocator holds it, and else, where a GPU's is not measured too, of main memory.
 */
export function memoryOn(device: Device): {
  readonly current: number;
  readonly recentPeak: number;
  readonly peak: number;
} {
  return heldOnDevice(device) ?? { ...residentMemory(), recentPeak: recentPeak() };
}

function systemPeak(): number {
  return process.resourceUsage().maxRSS * 1024;
}
