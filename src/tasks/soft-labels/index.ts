export * from './open-teacher.js';
export * from './options.js';
export * from './store.js';
export * from './targets.js';
export * from './teacher.js';
