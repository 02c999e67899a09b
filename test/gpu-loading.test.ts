import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EngineDescription, engine } from '../src/tensor/index.js';

const addon = fileURLToPath(new URL('../build/ncfm.node', import.meta.url));

/** What the addon tells of itself in a process whose driver, in place of a real one, knows its version and nothing else. */
function withDriver(version: number, environment: NodeJS.ProcessEnv = {}): EngineDescription {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-driver-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [source, library] = [join(folder, 'driver.c'), join(folder, 'libcuda.so.1')];
  writeFileSync(
    source,
    `int cuDriverGetVersion(int* version) { *version = ${version}; return 0; }`,
  );
  const compiled = spawnSync('cc', ['-shared', '-fPIC', source, '-o', library]);
  expect(compiled.status, String(compiled.stderr)).toBe(0);
  const code = 'process.stdout.write(JSON.stringify(require(process.argv[1]).engine()))';
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', code, addon], {
    encoding: 'utf8',
    env: { ...process.env, LD_LIBRARY_PATH: folder, ...environment },
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe.runIf(engine().gpuKernels.capabilities !== null)('the kernels for GPUs', () => {
  it('are loaded where there is a driver, with every symbol found, even one that is too old', () => {
    const { cuda, cudaDriver, cudaProblem, gpuKernels } = withDriver(12_040);
    expect({ cuda, cudaDriver, cudaProblem }).toEqual({
      ...{ cuda: false, cudaDriver: 12.4, cudaProblem: null },
    });
    expect(gpuKernels).toMatchObject({ problem: null, file: expect.stringMatching(/ncfm_cuda/) });
  });

  it('are left out where NCFM_CUDA_KERNELS=0 asks for that', () => {
    const { gpuKernels } = withDriver(13_020, { NCFM_CUDA_KERNELS: '0' });
    expect(gpuKernels).toMatchObject({ problem: 'NCFM_CUDA_KERNELS=0', file: null });
  });

  it.skipIf(engine().cudaDriver !== null)('are not loaded where there is no driver', () => {
    expect(engine()).toMatchObject({ cudaDriver: null, gpuKernels: { file: null, problem: null } });
  });
});
