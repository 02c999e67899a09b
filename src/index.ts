/**
 * Dataset distillation by neural characteristic function matching (NCFM).
 *
 * `pretrain`, `distill` and `evaluate` are the three tasks; `runPipeline` chains them into a run directory. Datasets
 * come from `loadDataset` (by name) or `arrayDataset` (from memory). Tensors and their operators are the engine below,
 * for those who build their own.
 */
export * from './augment/index.js';
export * from './capacity/index.js';
export * from './config/index.js';
export * from './core/index.js';
export * from './data/index.js';
export * from './distill/index.js';
export * from './downstream/index.js';
export * from './evaluate/index.js';
export * from './exchange/index.js';
export * from './methods/index.js';
export * from './models/index.js';
export * from './nn/index.js';
export * from './pipeline/index.js';
export * from './plan/index.js';
export * from './report/index.js';
export * from './run/index.js';
export {
  type Device,
  type DType,
  engine,
  fromBytes,
  grad,
  keep,
  liveTensors,
  loadPt,
  loadSafetensors,
  noGrad,
  physicalCores,
  RandomGenerator,
  residentMemory,
  savePt,
  saveSafetensors,
  scope,
  setThreads,
  Tensor,
  tensor,
  threads,
  tuneProcess,
} from './tensor/index.js';
export { inPlace, op } from './tensor/operator.js';
export * as ops from './tensor/ops.js';
export * from './train/index.js';
