export { type CacheOptions, cachePath, openCached } from './open-cached.js';
export { type VerifyOptions, verifyCached } from './verify-cached.js';
