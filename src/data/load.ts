import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetPair } from './dataset/dataset.js';
import type { DatasetDefinition } from './names.js';
import { type DatasetSelection, type OpenOptions, openDataset } from './open.js';

export interface LoadDatasetOptions
  extends Omit<DatasetSelection, 'name' | 'path'>,
    Partial<OpenOptions> {}

/**
 * Loads a dataset by its name, or data of one's own.
 *
 * @param what a name (`ncfm data list` has them), what `defineDataset` gave, or `{ path }` of a folder of class folders
 *   or a `.npz`, `.safetensors` or `.parquet` file
 * @param options.cache folder that keeps decoded pictures for the next time. Default: a temporary one, which goes when
 *   the process ends.
 * @throws UsageError if there is no such dataset, or its files are missing or damaged.
 */
export async function loadDataset(
  what: string | DatasetDefinition | { readonly path: string },
  { cache, onProgress, onNote, onWarning, signal, ...selection }: LoadDatasetOptions = {},
): Promise<DatasetPair> {
  const place =
    typeof what === 'string' ? { name: what } : 'path' in what ? what : { name: what.name };
  const told = Object.entries({ onProgress, onNote, onWarning }).filter(([, told]) => told);
  return openDataset(
    { ...selection, ...place },
    { cache: cache ?? temporaryCache(), signal, ...Object.fromEntries(told) },
  );
}

let temporary: string | undefined;

/** Pictures are read from their cache as long as the process lives. */
function temporaryCache(): string {
  if (temporary !== undefined) return temporary;
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-data-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  temporary = folder;
  return folder;
}
