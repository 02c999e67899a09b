export * from './export-run.js';
export type { ExportForm } from './exported-set.js';
export { type ExportFormat, exportFormats } from './files.js';
