export * from './continual-options.js';
export * from './plan.js';
export * from './plan-yaml.js';
export * from './search-options.js';
export * from './set-label.js';
export * from './settings-of-images.js';
