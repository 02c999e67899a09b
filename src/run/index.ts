export * from './bar-chart.js';
export * from './chart.js';
export * from './directory.js';
export * from './event-log.js';
export * from './events.js';
export * from './manifest.js';
export * from './pictures.js';
export * from './progress.js';
