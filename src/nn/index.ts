export * from './layers.js';
export * from './loss.js';
export * from './module.js';
export * from './optim.js';
export * from './schedule.js';
