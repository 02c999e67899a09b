import { describe, expect, it } from 'vitest';
import { gpuFindings } from './gpu-findings.js';
import { engine } from './index.js';

const none = { capabilities: null, problem: 'this LibTorch is built without CUDA', file: null };
const compiled = { capabilities: '7.5 9.0', problem: null, file: null };
const loaded = { ...compiled, file: '/build/ncfm_cuda.so' };

const without = {
  ...{ cuda: false, cudaDevices: 0, cudaProblem: null, cudaDriver: null, cudaWanted: null },
  gpuKernels: none,
};
const wheel = { ...without, cudaWanted: 13, gpuKernels: compiled };
const card = {
  ...{ ...wheel, cuda: true, cudaDevices: 1, cudaDriver: 13.2, gpuKernels: loaded },
};

describe("the doctor's findings of GPUs", () => {
  it('ask for a LibTorch with CUDA where there is none, and say no more', () => {
    const findings = gpuFindings(without);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ name: 'CUDA', state: 'note' });
    expect(findings[0]!.remedy).toContain('set LIBTORCH to a CUDA build');
  });

  it('ask for a driver alone where LibTorch has CUDA, and tell what the kernels are for', () => {
    const [cuda, kernels] = gpuFindings(wheel);
    expect(cuda!.remedy).toBe('for a GPU: install its driver');
    expect(kernels).toMatchObject({ name: 'GPU kernels', state: 'ok' });
    expect(kernels!.detail).toBe(
      'compiled for compute capabilities 7.5, 9.0 and later; loaded where there is a driver',
    );
  });

  it('are well on a machine with a card', () => {
    expect(gpuFindings(card)).toEqual([
      { name: 'CUDA', state: 'ok', detail: '1 GPU: --device cuda' },
      {
        ...{ name: 'GPU kernels', state: 'ok' },
        detail: 'compiled for compute capabilities 7.5, 9.0 and later',
      },
    ]);
  });

  it('tell a driver that is too old, and both ways out', () => {
    const [cuda] = gpuFindings({ ...card, cuda: false, cudaDevices: 0, cudaDriver: 12.4 });
    expect(cuda!.detail).toContain('runs CUDA 12.4, and this LibTorch is built for CUDA 13');
    expect(cuda!.remedy).toContain('update the driver, or set LIBTORCH to a build for CUDA 12');
  });

  it.each([
    'there was no nvcc to compile them with',
    'this LibTorch came without its headers for CUDA (c10/cuda)',
  ])('tell why there are no kernels: %s', (problem) => {
    const [, kernels] = gpuFindings({ ...wheel, gpuKernels: { ...none, problem } });
    expect(kernels).toMatchObject({ name: 'GPU kernels', state: 'note' });
    expect(kernels!.detail).toContain(`LibTorch's own operators: ${problem}`);
    expect(kernels!.remedy).toContain('CUDA_HOME');
  });

  it('tell why kernels are not loaded where there is a driver', () => {
    const problem = 'NCFM_CUDA_KERNELS=0';
    const [, kernels] = gpuFindings({ ...card, gpuKernels: { ...compiled, problem } });
    expect(kernels).toMatchObject({ state: 'note' });
    expect(kernels!.detail).toMatch(/not loaded: NCFM_CUDA_KERNELS=0$/);
  });

  it('are of the engine here, too', () => {
    const [cuda] = gpuFindings(engine());
    expect(cuda!.name).toBe('CUDA');
  });
});
