export { type CacheOptions, cachePath, openCached } from './open-cached.js';
export {
  type CachedPair,
  type DecodingProgress,
  openCachedPair,
  type PairOptions,
  withoutDamaged,
} from './open-pair.js';
export { verifyCached } from './verify-cached.js';
export type { VerifyOptions } from './verify-pixels.js';
