import type { GridCells } from '../core/grid-cells.js';
import type { ExportRequest, ExportResult } from '../exchange/index.js';
import type { PipelineRequest, PipelineResult } from '../pipeline/index.js';
import type { ImagePanel, PictureOptions } from '../report/index.js';

// Each loads what it needs when it is called, so that reading a configuration or an event log takes no time.

/**
 * Runs a whole configuration: pretrains the pool (or reuses it), distils, labels where soft labels are asked for, and
 * evaluates. Called again on the same directory, it goes on where it was. `onEvent` is told its start and its end too; what
 * the run's `events.jsonl` is to keep of that goes through `directory.openEventLog()`.
 */
export async function runPipeline(request: PipelineRequest): Promise<PipelineResult> {
  const [pipeline, { startOf }, { withLifecycle }] = await Promise.all([
    import('../pipeline/pipeline.js'),
    import('../pipeline/record-run.js'),
    import('../run/lifecycle.js'),
  ]);
  const { plan, onEvent, signal, prepared } = request;
  const classNames = prepared?.data.train.classNames;
  const start = startOf({ task: 'run', plan, classNames });
  return await withLifecycle({ start, onEvent, signal }, () => pipeline.runPipeline(request));
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
 * @returns where the images are in the picture
 * @throws RangeError when the pixels are not whole images of the shape
 */
export async function writeImageGrid(options: PictureOptions & ImagePanel): Promise<GridCells> {
  const report = await import('../report/pictures.js');
  return await report.writeImageGrid(options);
}
