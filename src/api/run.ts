import type { ExportRequest, ExportResult } from '../exchange/index.js';
import type { PipelineRequest, PipelineResult } from '../pipeline/index.js';
import type { ImagePanel, PictureOptions } from '../report/index.js';

// Each loads what it needs when it is called, so that reading a configuration or an event log takes no time.

/**
 * Runs a whole configuration: pretrains the pool (or reuses it), distils, labels where soft labels are asked for, and
 * evaluates. Called again on the same directory, it goes on where it was.
 */
export async function runPipeline(request: PipelineRequest): Promise<PipelineResult> {
  const pipeline = await import('../pipeline/pipeline.js');
  return await pipeline.runPipeline(request);
}

/**
 * Writes a run's distilled set in another format, with a dataset card, into a folder of its own.
 * @throws UsageError when there is no set, or something else is where the folder is to be
 */
export async function exportRun(request: ExportRequest): Promise<ExportResult> {
  const exchange = await import('../exchange/export/index.js');
  return await exchange.exportRun(request);
}

/**
 * Writes images as one PNG: a grid on white, one row after the other, each image enlarged to whole pixels.
 * @throws RangeError when the pixels are not whole images of the shape
 */
export async function writeImageGrid(options: PictureOptions & ImagePanel): Promise<void> {
  const report = await import('../report/pictures.js');
  await report.writeImageGrid(options);
}
