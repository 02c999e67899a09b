export * from './activations.js';
export * from './group.js';
export * from './layers.js';
export * from './loss.js';
export * from './module.js';
export * from './norms.js';
export * from './optim.js';
export * from './schedule.js';
