import { describe, expect, it } from 'vitest';
import { chooseBlasKernels } from './blas.js';

const avx2 = ['avx2', 'fma'];
const avx512 = ['avx512f', 'avx512cd', 'avx512bw', 'avx512dq', 'avx512vl'];

function chosen(instructions: string[], environment: NodeJS.ProcessEnv = {}): string | undefined {
  chooseBlasKernels(environment, new Set(instructions));
  return environment.OPENBLAS_CORETYPE;
}

describe('the choice of OpenBLAS kernels', () => {
  it('follows the processor, not its model number', () => {
    expect(chosen([...avx2, ...avx512])).toBe('SkylakeX');
    expect(chosen(avx2)).toBe('Haswell');
  });

  it('is left to OpenBLAS where no better one is known', () => {
    expect(chosen(['sse2'])).toBeUndefined();
    expect(chosen(['avx512f'])).toBeUndefined();
  });

  it('stays the user’s where the user made one', () => {
    expect(chosen(avx512, { OPENBLAS_CORETYPE: 'Zen' })).toBe('Zen');
  });
});
