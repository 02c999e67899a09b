/** `ncfm/run`: whole runs: configuration, plan, memory, events, directories, checkpoints, stages, reports. */
export * from '../capacity/index.js';
export * from '../config/index.js';
export * from '../core/index.js';
export * from '../downstream/index.js';
export * from '../pipeline/index.js';
export * from '../plan/index.js';
export * from '../report/index.js';
export * from '../run/index.js';
export * from '../studio/report/write-report.js';
