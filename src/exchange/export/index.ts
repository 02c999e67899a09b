export * from './export-run.js';
export type { ExportForm } from './exported-set.js';
