/** `ncfm/tensor`: tensors and their operators, layers, optimisers and schedules; what everything else is built of. */
export * from '../nn/index.js';
export * from '../tensor/index.js';
export { inPlace, op } from '../tensor/operator.js';
export * as ops from '../tensor/ops.js';
