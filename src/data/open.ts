import { UsageError } from '../tensor/errors.js';
import type { DatasetPair } from './dataset.js';
import { loadDataset } from './index.js';

/** Which data to open: a dataset known by name, or a path of one's own. */
export interface DatasetSelection {
  /** One of `datasetNames`; else `path` is given. */
  readonly name?: string | undefined;
  /** A folder of class folders, a `.npz`, `.parquet` or `.safetensors` file, or a folder of parquet files. */
  readonly path?: string | undefined;
  /** Folder of a named dataset; the usual places when left out. */
  readonly root?: string | undefined;
  /** Which labels, where a dataset has two sets of them. Default: the fine ones. */
  readonly labels?: 'fine' | 'coarse' | undefined;
  /** Side in pixels of pictures that are decoded. Default: chosen by the pictures. */
  readonly size?: number | 'auto';
  /** Channels of pictures that are decoded. Default: 1 when all are grey. */
  readonly channels?: 1 | 3 | 'auto';
  /** Share of each class held out for testing where the data has no test part, in (0, 1). */
  readonly testShare?: number;
}

/** How far the decoding of pictures is. */
export interface DecodingProgress {
  /** The dataset's name and part. */
  readonly data: string;
  readonly done: number;
  readonly total: number;
}

export interface OpenOptions {
  /** Folder that keeps decoded pictures. */
  readonly cache: string;
  readonly onProgress?: (progress: DecodingProgress) => void;
  /** Told what was chosen for the data, and what is remarkable about it. */
  readonly onNote?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a dataset, whatever its format. Pictures are decoded into the cache when it does not hold them yet.
 *
 * @throws UsageError naming the file when the data is missing, damaged or of an unknown format.
 */
export async function openDataset(
  selection: DatasetSelection,
  _options: OpenOptions,
): Promise<DatasetPair> {
  const { name, root } = selection;
  if (name !== undefined) return loadDataset(name, root === undefined ? {} : { root });
  throw new UsageError('give the name or the path of a dataset');
}
