import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configure, type FakeLibTorch } from './fake-libtorch.js';

const wheel = {
  'lib/libc10_cuda.so': 'libcudart.so.13',
  'include/c10/cuda/CUDAStream.h': '',
};
const nvcc = 'Cuda compilation tools, release 13.0, V13.0.88';

const cases: readonly [what: string, libTorch: Omit<FakeLibTorch, 'version'>, problem: RegExp][] = [
  ['a LibTorch without CUDA', { cuda: false, nvcc }, /^this LibTorch is built without CUDA$/],
  ['no compiler', { cuda: true, files: wheel }, /^there was no nvcc to compile them with$/],
  [
    'a LibTorch without headers',
    { cuda: true, files: { 'lib/libc10_cuda.so': 'libcudart.so.13' }, nvcc },
    /^this LibTorch came without its headers for CUDA/,
  ],
  [
    'a compiler of another CUDA',
    { cuda: true, files: wheel, nvcc: 'Cuda compilation tools, release 12.4, V12.4.131' },
    /^nvcc is of CUDA 12.4, and this LibTorch wants CUDA 13$/,
  ],
  ['a compiler alone', { cuda: true, files: wheel, nvcc }, /^there is no CUDA runtime beside nvcc/],
];

describe('the addon is configured without kernels for GPUs, and knows why, over', () => {
  it.each(cases)('%s', (_, libTorch, problem) => {
    const folder = configure({ version: '2.11.0', ...libTorch });
    const told = JSON.parse(readFileSync(join(folder, 'cuda-kernels.json'), 'utf8'));
    expect(told).toEqual({
      capabilities: '',
      problem: expect.stringMatching(problem),
      wanted: libTorch.files === undefined ? '' : '13',
    });
    const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
    const { command } = commands.find(({ file }: { file: string }) =>
      file.endsWith('/native/gpu.cc'),
    );
    expect(command).toContain(`NCFM_CUDA_KERNELS_PROBLEM="\\"${told.problem}\\""`);
  });
});
