export { type ImportedConfig, type ImportedKey, importOfficial } from './import.js';
