export * from './characteristic.js';
export {
  type ChunkedSizes,
  type Chunks,
  type Span,
  spans,
  usualChunks,
  wholeClasses,
} from './chunks.js';
export * from './condense.js';
export * from './condense-options.js';
export * from './condenser-state.js';
export * from './discrepancy.js';
export * from './extractors.js';
export type { FineTuning } from './fine-tuning.js';
export * from './formation.js';
export * from './frequencies.js';
export type { Frequencies, LearnedFrequencies } from './frequency-player.js';
export * from './labels.js';
export * from './matching.js';
export { NonFiniteError, type NonFiniteStep } from './non-finite.js';
export * from './sampling-network.js';
export {
  leastRealImages,
  type SamplingObjective,
  samplingObjectives,
} from './sampling-objectives.js';
export * from './selectors/index.js';
export * from './stratify.js';
export * from './synthetic.js';
