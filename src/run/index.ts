export * from './checkpoints.js';
export * from './directory.js';
export * from './event-log.js';
export * from './events.js';
export * from './manifest.js';
export * from './same-data.js';
export * from './stages.js';
