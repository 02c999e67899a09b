export * from './bar-chart.js';
export * from './chart.js';
export * from './pictures.js';
export * from './scatter-chart.js';
