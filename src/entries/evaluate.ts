/** `ncfm/evaluate`: what a set is worth: protocols, statistics, soft labels, ranking; sets of other projects. */
export * from '../evaluate/index.js';
export * from '../exchange/index.js';
