export { type LoadedPlan, loadPlan, type PlanRequest } from './load.js';
export type { PlanChanges } from './overrides.js';
export { listPresets, type Preset, presetNames, readPreset } from './presets.js';
export { type Config, configSchema } from './schema.js';
