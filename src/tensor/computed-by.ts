import { codeHash } from '../core/index.js';
import { engine, engineHash, threads } from './device.js';
import { gpuOptions } from './gpu.js';
import type { Device } from './tensor.js';

/**
 * What computes a result here, for the identities of what is kept and found again: the code of a module and of all that
 * it imports, the native engine, LibTorch, the vector instructions, the device and the threads. The same module on equal
 * inputs gives the same numbers wherever these agree.
 *
 * @param module the module that computes, as it is imported
 * @param from `import.meta.url` of the module that imports it
 */
export function computedBy(
  module: string,
  from: string,
  device: Device,
  threadCount = threads(),
): object {
  const { precision, projection, deterministic } = gpuOptions();
  const { version, cpuCapability, instructionSet } = engine();
  return {
    code: codeHash(module, from),
    addon: engineHash(),
    libtorch: version,
    instructions: [cpuCapability, instructionSet],
    device,
    ...(device !== 'cpu' && { precision, projection, deterministic }),
    threads: threadCount,
  };
}
