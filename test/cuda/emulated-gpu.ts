/** The kernels for GPUs, run on the processor: what `test/cuda` builds, whose operators are in a library of their own. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { characteristicMeans, convolutionBlock, Tensor } from '../../src/tensor/index.js';
import { op } from '../../src/tensor/operator.js';

const addon = fileURLToPath(new URL('../../build/ncfm_emulated.node', import.meta.url));
createRequire(import.meta.url)(addon);

export const gpuCharacteristicMeans = op<
  Parameters<typeof characteristicMeans>,
  [cosines: Tensor, sines: Tensor]
>('ncfm_emulated::characteristic_function');

export const gpuConvolutionBlock = op<Parameters<typeof convolutionBlock>>(
  'ncfm_emulated::convolution_block',
);

/**
 * Has the GPU be another one: of a compute capability times ten, wrong in what its tensor cores compute, or recording a
 * graph. A kernel is compared once for each of the latter two.
 */
export const becomeGpu = op<[computeCapability: number, wrong: boolean, records: boolean], unknown>(
  'ncfm_emulated::become',
);
