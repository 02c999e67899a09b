export * from './autograd.js';
export { computedBy } from './computed-by.js';
export * from './device.js';
export * from './dtype.js';
export * from './gpu.js';
export * from './gpu-findings.js';
export * from './hash.js';
export {
  loadSafetensors,
  type MappedTensor,
  mapSafetensors,
  saveSafetensors,
  type TensorFile,
} from './io.js';
export { mapFile } from './mapping.js';
export * from './names.js';
export type {
  DeviceMemory,
  EngineDescription,
  GpuKernels,
  GpuSwitches,
  TensorMemory,
} from './native.js';
export * from './ops.js';
export { loadPt, type Storable, savePt } from './pt.js';
export * from './random.js';
export { type Reading, Readings } from './readings.js';
export { keep, liveTensors, scope } from './scope.js';
export { readState, tensorsIn } from './state-file.js';
export { type Device, fromBytes, Tensor, tensor, tensorOn, type Values } from './tensor.js';
export { isTuned, tuneProcess } from './tune.js';
