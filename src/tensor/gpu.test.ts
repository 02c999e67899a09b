import { afterEach, describe, expect, it } from 'vitest';
import { gpuMemory, gpuSwitches } from './index.js';
import { describeOnHost, hostDevice } from './testing/on-device.js';

describe('gpuSwitches', () => {
  const before = gpuSwitches();
  afterEach(() => void gpuSwitches(before));

  it.each(['deterministic', 'benchmark', 'tf32Convolutions', 'tf32Products'] as const)(
    'changes %s and leaves the others',
    (name) => {
      const changed = { ...before, [name]: !before[name] };
      expect(gpuSwitches({ [name]: !before[name] })).toEqual(changed);
      expect(gpuSwitches()).toEqual(changed);
    },
  );
});

describeOnHost('gpuMemory', () => {
  it('is of GPUs alone', () => {
    expect(() => gpuMemory(hostDevice)).toThrow(/is no GPU; expected 'cuda' or 'cuda:<number>'/);
  });

  it('says why it cannot be told', () => {
    expect(() => gpuMemory('cuda:0')).toThrow(/our kernels for GPUs are not loaded \(.+\)/);
  });
});
