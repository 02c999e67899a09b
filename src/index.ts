/**
 * Dataset distillation by neural characteristic function matching (NCFM).
 *
 * `distill` turns a dataset into a few images of each class, `evaluate` tells what networks learn from them. Datasets come
 * from `loadDataset` or `arrayDataset`; `loadPlan` and `runPipeline` run a configuration as the command line does. What
 * lies below has entries of its own: `ncfm/tensor`, `ncfm/data`, `ncfm/models`, `ncfm/methods`,
 * `ncfm/evaluate` and `ncfm/run`.
 */
export { type DistillOptions, type DistillStep, distill } from './api/distill.js';
export { DistilledSet, openDistilledSet, type SetArrays } from './api/distilled-set.js';
export { compare, type EvaluateOptions, type Evaluation, evaluate } from './api/evaluate.js';
export { exportRun, runPipeline, writeImageGrid } from './api/run.js';
export {
  type AugmentationDefinition,
  type AugmentationSource,
  defineAugmentation,
} from './augment/define.js';
export { type LoadedPlan, loadPlan, type PlanRequest } from './config/load.js';
export { listPresets, type Preset } from './config/presets.js';
export { FailureError, UsageError } from './core/errors.js';
export type { ImageShape, Normalization } from './core/image-shape.js';
export { packageVersion } from './core/version.js';
export { type ArrayDatasetOptions, arrayDataset } from './data/dataset/array-dataset.js';
export type { Dataset, DatasetPair, Pixels } from './data/dataset/dataset.js';
export { splitDataset } from './data/dataset/subset.js';
export { type LoadDatasetOptions, loadDataset } from './data/load.js';
export {
  type DatasetDefinition,
  defineDataset,
  knownDatasets,
  type OwnDataset,
} from './data/names.js';
export type { SetFigures, WholeData } from './evaluate/results.js';
export type { DistilledImages, OpenSetOptions } from './exchange/distilled-set.js';
export type { ExportRequest, ExportResult } from './exchange/export/index.js';
export type { Distiller, Method, MethodInput, StepReport } from './methods/method.js';
export {
  type AnyDistillOptions,
  defineMethod,
} from './methods/registry.js';
export { defineModel, type ModelOptions, modelNames } from './models/build.js';
export type { ModelDefinition, ModelSource } from './models/define.js';
export type { PipelineResult } from './pipeline/evaluate-set.js';
export type { PipelineRequest } from './pipeline/run-context.js';
export type { Plan } from './plan/plan.js';
export { RunDirectory } from './run/directory.js';
export { readEvents } from './run/event-log.js';
export type { EventSink, RunEvent } from './run/events.js';
export { setThreads, threads } from './tensor/device.js';
export { RandomGenerator } from './tensor/random.js';
export type { Tensor } from './tensor/tensor.js';
export { tuneProcess } from './tensor/tune.js';
