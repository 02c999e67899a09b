export * from './activations.js';
export * from './budget.js';
export * from './choose-workers.js';
export * from './data-sizes.js';
export * from './footprint.js';
export * from './walk.js';
