import { messageOf } from '../core/errors.js';
import type { Invocation } from './invocation.js';

/** Writes a run's report at its end. A run that is done has not failed because of it: what went wrong is told. */
export async function writeRunReport(invocation: Invocation, folder: string): Promise<void> {
  try {
    const { writeReport } = await import('../studio/report/write-report.js');
    await writeReport([folder]);
  } catch (error) {
    invocation.stderr.write(`warning: no report was written: ${messageOf(error)}\n`);
  }
}
