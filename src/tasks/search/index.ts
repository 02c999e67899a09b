export { checkSearch } from './check.js';
export * from './options.js';
export { type RankCorrelation, rankCorrelation, ranks, topRegret } from './rank-correlation.js';
export * from './results.js';
export { searchArchitectures } from './search.js';
export * from './space.js';
