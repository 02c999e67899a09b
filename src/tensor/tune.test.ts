import { describe, expect, it } from 'vitest';
import { chooseBlasKernels, letBlasThreadsSleep, letOpenMpThreadsSleep } from './tune.js';

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

describe('the sleep of OpenBLAS threads', () => {
  it('comes soon, unless the user chose when', () => {
    const environment: NodeJS.ProcessEnv = {};
    letBlasThreadsSleep(environment);
    expect(environment).toEqual({ OPENBLAS_THREAD_TIMEOUT: '10' });
    const chosen = { OPENBLAS_THREAD_TIMEOUT: '26' };
    letBlasThreadsSleep(chosen);
    expect(chosen).toEqual({ OPENBLAS_THREAD_TIMEOUT: '26' });
  });
});

describe('the sleep of OpenMP threads', () => {
  it('comes after some tens of microseconds, unless the user chose when', () => {
    const environment: NodeJS.ProcessEnv = {};
    letOpenMpThreadsSleep(environment);
    expect(environment).toEqual({ GOMP_SPINCOUNT: '1000' });
    for (const chosen of [{ GOMP_SPINCOUNT: '300000' }, { OMP_WAIT_POLICY: 'active' }]) {
      const kept = { ...chosen };
      letOpenMpThreadsSleep(kept);
      expect(kept).toEqual(chosen);
    }
  });
});
