import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import {
  engine,
  measuresMemory,
  physicalCores,
  recentPeak,
  releaseMemory,
  requireDevice,
  resetPeak,
  residentMemory,
  setThreads,
  tensorMemory,
  threads,
  toDeviceOf,
} from './index.js';
import { native } from './native.js';
import { describeOnHost, hostDevice, ones } from './testing/on-device.js';

describe('threads', () => {
  it('are what was set', () => {
    const before = threads();
    setThreads(2);
    expect(threads()).toBe(2);
    setThreads(before);
    expect(threads()).toBe(before);
  });

  it.each([0, -1, 1.5, Number.NaN])('cannot be %s', (count) => {
    expect(() => setThreads(count)).toThrow(UsageError);
    expect(() => setThreads(count)).toThrow(/positive integer/);
  });

  it('are at most one for each physical core by default', () => {
    expect(physicalCores()).toBeGreaterThanOrEqual(1);
    expect(Number.isInteger(physicalCores())).toBe(true);
  });
});

describe('requireDevice', () => {
  it('accepts the CPU', () => {
    expect(requireDevice('cpu')).toBe('cpu');
  });

  it.each(['gpu', 'cuda:x', 'cuda:-1', '', 'CPU'])("does not know '%s'", (device) => {
    expect(() => requireDevice(device)).toThrow(
      new UsageError(`unknown device '${device}'; use 'cpu', 'cuda' or 'cuda:<number>'`),
    );
  });

  it.skipIf(engine().cuda)('says what a machine without a CUDA GPU lacks', () => {
    expect(() => requireDevice('cuda:1')).toThrow(UsageError);
    expect(() => requireDevice('cuda:1')).toThrow(
      /'cuda:1' was asked for.*sees no CUDA GPU.*--device cpu/,
    );
  });

  it.runIf(engine().cuda)('refuses a GPU beyond the last', () => {
    expect(requireDevice('cuda:0')).toBe('cuda:0');
    expect(() => requireDevice(`cuda:${engine().cudaDevices}`)).toThrow(/numbered from 0/);
  });
});

describe('engine', () => {
  it('describes itself', () => {
    const { version, cpuCapability, blas, cudaDevices, cudaProblem } = engine();
    expect(version).toMatch(/^\d+\.\d+/);
    expect(cpuCapability.length).toBeGreaterThan(0);
    expect(blas).toMatch(/^(OpenBLAS|MKL|[a-z]+)$/);
    expect(cudaDevices).toBeGreaterThanOrEqual(0);
    expect(cudaProblem).toBeNull();
  });

  it('tells of the memory of GPUs alone', () => {
    expect(native.deviceMemory('cpu')).toBeNull();
  });

  it('copies to a device', () => {
    expect(toDeviceOf(ones([2]), 'cpu').device).toBe('cpu');
    expect(() => toDeviceOf(ones([2]), 'nowhere')).toThrow(/nowhere/);
  });

  it('measures memory in bytes', () => {
    const { current, peak } = residentMemory();
    expect(current).toBeGreaterThan(20e6);
    expect(current).toBeLessThan(20e9);
    expect(peak).toBeGreaterThan(20e6);
  });
});

describeOnHost('the peak of memory', () => {
  const [large, small] = [2 ** 27, 2 ** 25];
  const used = (bytes: number) => ones([bytes / 4], { device: hostDevice }).dispose();

  it('begins anew, with nothing kept for reuse, and the process still knows its own', () => {
    used(large);
    expect(tensorMemory().held - tensorMemory().used).toBeGreaterThanOrEqual(large);
    const { peak } = residentMemory();
    resetPeak();
    const { held, used: inUse, mostUsed, mostHeld } = tensorMemory();
    expect([held, mostUsed, mostHeld]).toEqual([inUse, inUse, inUse]);
    expect(recentPeak()).toBeLessThan(peak - large / 2);
    expect(residentMemory().peak).toBeGreaterThanOrEqual(peak);
  });

  it('is that of what was held meanwhile, also of what is released', () => {
    resetPeak();
    const before = recentPeak();
    used(small);
    const after = recentPeak() - before;
    expect(after).toBeGreaterThan(0.9 * small);
    expect(after).toBeLessThan(1.5 * small);
    expect(tensorMemory().mostUsed - tensorMemory().used).toBe(small);
  });

  it('leaves tensors what they are', () => {
    using x = ones([large / 4], { device: hostDevice });
    releaseMemory();
    expect(x.sum().item()).toBe(large / 4);
  });

  it('is known of the processor alone', () => {
    expect(measuresMemory('cpu')).toBe(true);
    expect(measuresMemory('cuda:0')).toBe(false);
  });
});
