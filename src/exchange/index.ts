export { type DecodedImages, decodeFor } from './decode-for.js';
export * from './distilled-set.js';
export * from './export/index.js';
export * from './official-pair.js';
export * from './set-to-evaluate.js';
