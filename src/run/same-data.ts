import { UsageError } from '../core/errors.js';
import { readManifest } from './directory.js';
import type { DatasetFacts } from './manifest.js';

/**
 * Checks that the data found is what a run was begun with, wherever it is now. A run that was stopped before it had
 * opened its data has none.
 *
 * @param path the run's folder
 * @param facts of the data that is there, see `datasetFacts`
 * @param said where the data was found, and what to do about another
 * @throws UsageError saying which part is another.
 */
export function requireSameData(
  path: string,
  facts: DatasetFacts,
  { place, remedy }: { readonly place: string; readonly remedy: string },
): void {
  const begun = readManifest(path)?.dataset;
  if (begun === undefined) return;
  const { hashes, normalization = facts.normalization } = begun;
  const was = { ...hashes, normalization };
  const now: Record<string, unknown> = { ...facts.hashes, normalization: facts.normalization };
  const changed = Object.entries(was)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(now[key]))
    .map(([key]) => (key === 'normalization' ? 'their normalisation' : `the ${key} images`));
  if (changed.length === 0) return;
  throw new UsageError(
    `the run ${path} was begun with other data than is in ${place}: ${changed.join(' and ')} differ (by SHA-256; its manifest.json has them). ${remedy}`,
  );
}
