export * from './budget.js';
export * from './choose-workers.js';
export * from './measure.js';
export * from './share-time.js';
