import { type EngineDescription, setupCommand } from './native.js';

/** What there is of one thing: `note` where something is missing that ncfm works without, and what mends it. */
export interface GpuFinding {
  readonly name: string;
  readonly state: 'ok' | 'note';
  readonly detail: string;
  readonly remedy?: string;
}

type Engine = Pick<
  EngineDescription,
  'cuda' | 'cudaDevices' | 'cudaProblem' | 'cudaDriver' | 'cudaWanted' | 'gpuKernels'
>;

/** What there is for runs on a GPU: the GPU itself, then our kernels, where LibTorch has CUDA. */
export function gpuFindings(engine: Engine): GpuFinding[] {
  return [cudaFinding(engine), ...(engine.cudaWanted === null ? [] : [kernelsFinding(engine)])];
}

function cudaFinding(engine: Engine): GpuFinding {
  const { cuda, cudaDevices, cudaProblem, cudaDriver, cudaWanted } = engine;
  const name = 'CUDA';
  if (cudaDriver !== null && cudaWanted !== null && Math.floor(cudaDriver) < cudaWanted) {
    return {
      name,
      state: 'note',
      detail: `the GPU's driver is too old: it runs CUDA ${cudaDriver.toFixed(1)}, and this LibTorch is built for CUDA ${cudaWanted}`,
      remedy: `update the driver, or set LIBTORCH to a build for CUDA ${Math.floor(cudaDriver)} and ${setupCommand}`,
    };
  }
  if (cuda) {
    const detail = `${cudaDevices} GPU${cudaDevices === 1 ? '' : 's'}: --device cuda`;
    return { name, state: 'ok', detail };
  }
  const remedy =
    cudaWanted === null
      ? `for a GPU: install its driver, set LIBTORCH to a CUDA build of LibTorch, and ${setupCommand}`
      : 'for a GPU: install its driver';
  const detail = cudaProblem ?? 'no GPU is seen; everything runs on the processor';
  return { name, state: 'note', detail, remedy };
}

function kernelsFinding({ gpuKernels, cudaDriver }: Engine): GpuFinding {
  const { capabilities, problem, file } = gpuKernels;
  const name = 'GPU kernels';
  if (capabilities === null) {
    return {
      name,
      state: 'note',
      detail: `not compiled, GPUs run LibTorch's own operators: ${problem}`,
      remedy: `install the CUDA toolkit, set CUDA_HOME to it, and ${setupCommand}`,
    };
  }
  const compiled = `compiled for compute capabilities ${capabilities.replaceAll(' ', ', ')} and later`;
  if (file !== null) return { name, state: 'ok', detail: compiled };
  if (problem !== null) {
    return { name, state: 'note', detail: `${compiled}, and not loaded: ${problem}` };
  }
  const detail = cudaDriver === null ? `${compiled}; loaded where there is a driver` : compiled;
  return { name, state: 'ok', detail };
}
