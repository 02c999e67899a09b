export * from './distilled-set.js';
export * from './export/index.js';
export * from './official-pair.js';
