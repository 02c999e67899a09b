export * from './continual-options.js';
export * from './method.js';
export * from './plan.js';
export * from './plan-yaml.js';
export * from './search-options.js';
export * from './settings-of-images.js';
