import { liveTensors } from '../../dist/tensor/index.js';
import type { Reader } from './readers.js';

/** What became of one input. */
export type Verdict =
  | { readonly kind: 'read' }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'finding'; readonly problem: string };

/** More than this of the processor's time, in seconds, for a file of some KB is a hang, however busy the machine is. */
const LONGEST = 5;

/** By how much one input may raise the process's peak of memory. */
const MOST_BYTES = 512 * 2 ** 20;

/** Errors of these classes come from mistakes in a parser, and say nothing to users. */
const UNCLEAR: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError']);

/**
 * Reads one input. It must be read whole or rejected by a UsageError or FailureError that names the file, in bounded time
 * and memory, and leave no tensors behind.
 *
 * @param folder what the reader's files are in
 */
export async function judge(reader: Reader, path: string, folder: string): Promise<Verdict> {
  const tensors = liveTensors();
  const peak = process.resourceUsage().maxRSS;
  const started = process.cpuUsage();
  let error: unknown;
  try {
    await reader.read(path, folder);
  } catch (caught) {
    error = caught ?? new Error('undefined was thrown');
  }
  const { user, system } = process.cpuUsage(started);
  const seconds = (user + system) / 1e6;
  const grown = (process.resourceUsage().maxRSS - peak) * 1024;
  const leaked = liveTensors() - tensors;
  const problem =
    (error === undefined ? undefined : problemOf(error, reader, folder)) ??
    (leaked === 0 ? undefined : `${leaked} tensors left`) ??
    (seconds < LONGEST ? undefined : `${seconds.toFixed(1)} s of the processor's time`) ??
    (grown < MOST_BYTES ? undefined : `${Math.round(grown / 2 ** 20)} MiB of memory`);
  if (problem !== undefined) return { kind: 'finding', problem };
  return { kind: error === undefined ? 'read' : 'rejected' };
}

function problemOf(error: unknown, reader: Reader, folder: string): string | undefined {
  if (!(error instanceof Error)) return `${String(error)} was thrown`;
  const first = `${error.name}: ${error.message.slice(0, 200)}`;
  if (error.name !== 'UsageError' && error.name !== 'FailureError') {
    return `${first}\n${error.stack?.split('\n').slice(1, 5).join('\n')}`;
  }
  if (!error.message.includes(folder)) return `${first} (it does not name the file)`;
  const { cause } = error;
  if (reader.library || !(cause instanceof Error) || !UNCLEAR.has(cause.name)) return undefined;
  return `${first} (behind it a ${cause.name})\n${cause.stack?.split('\n').slice(1, 5).join('\n')}`;
}
