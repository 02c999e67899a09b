import { existsSync } from 'node:fs';
import type { DatasetPair } from '../../../data/dataset.js';
import { UsageError } from '../../../tensor/errors.js';

/**
 * Opens what the user calls a dataset: a name, or the path of one's own.
 *
 * @throws UsageError if there is no such dataset, or it can't be read.
 */
export async function openNamed(text: string): Promise<DatasetPair> {
  const { datasetNames, loadDataset } = await import('../../../data/index.js');
  if (!datasetNames.includes(text) && existsSync(text)) {
    throw new UsageError(`${text}: reading a dataset from a path is not supported here.`);
  }
  return loadDataset(text);
}
