export { type CacheOptions, cachePath, openCached, verifyCached } from './open-cached.js';
