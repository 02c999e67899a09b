export * from './distilled-set.js';
export * from './official-pair.js';
