import type { PipelineResult, RepeatedResult, SetResults } from '../pipeline/index.js';
import { repeatsTable, resultTable } from '../terminal/results-table.js';
import { runSummary } from '../terminal/run-summary.js';
import type { Invocation } from './invocation.js';
import type { OutputOptions } from './options.js';

export function printResults(
  invocation: Invocation,
  results: PipelineResult | RepeatedResult | SetResults,
  options: OutputOptions,
): void {
  const table = 'runs' in results ? repeatsTable(results) : resultTable(results);
  invocation.print(results, table, options);
  if ('directory' in results) invocation.tell(runSummary(results), options);
}
