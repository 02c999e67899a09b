export * from './choose.js';
export { WorkerPool, type WorkerPoolOptions } from './pool.js';
