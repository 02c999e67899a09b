import { type DeviceMemory, type GpuSwitches, native } from './native.js';
import type { Device } from './tensor.js';

/** How this process works on a GPU; without effect on the CPU. */
export interface GpuOptions {
  /**
   * Steps or iterations between two readings of what the GPU computes, at each of which it stands still. Losses are judged
   * so much later.
   */
  readonly readEvery: number;
  /**
   * Only algorithms that give the same bits each time, which are slower; operators that have none throw. To be set before
   * the first tensor is on the GPU.
   */
  readonly deterministic: boolean;
  /** Convolutions in TF32, whose factors have 10 bits, as LibTorch does unless told otherwise, or in float32. */
  readonly precision: 'tf32' | 'float32';
  /** How our kernel multiplies frequencies and features; see `characteristicMeans`. */
  readonly projection: 'single' | 'tf32x3' | 'tf32' | 'bfloat16';
  /** Whether cuDNN tries its algorithms at each new shape; not with `deterministic`. */
  readonly benchmark: boolean;
  /** Whether datasets stay on the GPU: where they take at most a quarter of its free memory, always, or never. */
  readonly residentData: 'auto' | 'always' | 'never';
}

export const usualGpuOptions: GpuOptions = {
  readEvery: 50,
  deterministic: false,
  precision: 'tf32',
  projection: 'single',
  benchmark: true,
  residentData: 'auto',
};

let current = usualGpuOptions;

export function gpuOptions(): GpuOptions {
  return current;
}

/** Sets how the whole process works on GPUs; returns what LibTorch has taken of it. */
export function setGpuOptions(options: GpuOptions): GpuSwitches {
  const { deterministic, precision, benchmark } = options;
  current = options;
  // cuBLAS looks for it when it is first used.
  if (deterministic) process.env.CUBLAS_WORKSPACE_CONFIG ??= ':4096:8';
  return native.gpuSwitches(deterministic, benchmark && !deterministic, precision === 'tf32');
}

/** A GPU's memory; undefined on other devices, and while our kernels for GPUs are not loaded. */
export function deviceMemory(device: Device): DeviceMemory | undefined {
  if (!device.startsWith('cuda')) return undefined;
  return native.deviceMemory(device) ?? undefined;
}

/** The most that LibTorch has held of each card whose memory was asked for, before that was counted anew. */
const earlierPeaks = new Map<Device, number>();

/** Bytes of a card's memory that this process holds now, and the most it ever held; undefined as `deviceMemory`. */
export function heldOnDevice(
  device: Device,
): { readonly current: number; readonly recentPeak: number; readonly peak: number } | undefined {
  const memory = deviceMemory(device);
  if (memory === undefined) return undefined;
  const { held, mostHeld } = memory;
  const earlier = earlierPeaks.get(device) ?? 0;
  earlierPeaks.set(device, earlier);
  return { current: held, recentPeak: mostHeld, peak: Math.max(earlier, mostHeld) };
}

/** To be called before the most is counted anew. */
export function keepDevicePeaks(): void {
  for (const device of earlierPeaks.keys())
    earlierPeaks.set(device, heldOnDevice(device)?.peak ?? 0);
}

/** Steps between two readings where none is asked for: every one on the CPU, where reading costs nothing. */
export function usualReadEvery(device: Device): number {
  return device === 'cpu' ? 1 : current.readEvery;
}
