export { type Config, configSchema } from '../plan/schema/configuration.js';
export { type LoadedPlan, loadPlan, type PlanRequest } from './load.js';
export { type ImportedConfig, type ImportedKey, importOfficial } from './official/index.js';
export type { PlanChanges } from './overrides.js';
export { listPresets, type Preset, presetNames, readPreset } from './presets.js';
export {
  type PublishedAccuracy,
  presetsWithPublishedAccuracy,
  publishedAccuracy,
} from './published.js';
