import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, nearest, UsageError } from '../../core/errors.js';
import { unpackArchive } from '../archives/unpack.js';
import {
  adviseByHand,
  type DownloadFailure,
  type DownloadOptions,
  downloadFile,
  type WantedFile,
} from '../download/download-file.js';
import { catalog, findInCatalog } from './catalog.js';
import type { CatalogEntry, CatalogFile } from './catalog-entry.js';
import { dataFolders, downloadFolder } from './data-folders.js';

export type GetProgress =
  | {
      readonly stage: 'download';
      readonly file: string;
      /** Bytes of all files of the dataset. */
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly stage: 'unpack';
      readonly file: string;
      /** So far; how many there are is known only at the end. */
      readonly files: number;
      readonly bytes: number;
    };

export interface GetOptions extends Pick<DownloadOptions, 'retries' | 'idleTimeout' | 'wait'> {
  readonly name: string;
  /** The dataset's folder. Default: `$NCFM_DATA/<name>`, or `data/<name>` in the working directory. */
  readonly to?: string | undefined;
  /** Keep archives after they are unpacked. Default: no. */
  readonly keepArchives?: boolean | undefined;
  readonly onProgress?: (progress: GetProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** The table to look the name up in. For tests. */
  readonly entries?: readonly CatalogEntry[];
}

export interface GetOutcome {
  readonly name: string;
  /** Absolute path. */
  readonly folder: string;
  /** `complete`: everything was there; `package`: it comes with ncfm, there is nothing to get. */
  readonly outcome: 'fetched' | 'complete' | 'package';
  readonly files: readonly { readonly name: string; readonly outcome: FileOutcome }[];
}

/** What was done for one file: archives that were there already are `unpacked` too. */
export type FileOutcome = 'downloaded' | 'unpacked' | 'present';

/**
 * Gets a dataset of the catalog: downloads and verifies its files, and unpacks its archives. What is there already is not
 * fetched again: plain files are verified and kept, and a folder unpacked by an earlier call is complete. An archive put
 * there by hand is used.
 *
 * @throws UsageError for an unknown name or wrong files at the places of the right ones, FailureError if a file can't be
 *   had (the message tells how to get it by hand), the signal's reason once that is aborted.
 */
export async function getDataset(options: GetOptions): Promise<GetOutcome> {
  const { name, to, entries = catalog } = options;
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw unknownName(name, entries);
  const { source } = entry;
  const folder = downloadFolder(name, to);
  if (source.kind === 'package') return { name, folder, outcome: 'package', files: [] };

  const total = source.files.reduce((sum, { size }) => sum + size, 0);
  const files: { name: string; outcome: FileOutcome }[] = [];
  let before = 0;
  for (const file of source.files) {
    const start = before;
    const onBytes = (done: number): void =>
      options.onProgress?.({ stage: 'download', file: file.name, done: start + done, total });
    const outcome = await getFile(file, folder, options, onBytes);
    if (typeof outcome !== 'string') {
      const wanted = missingFiles(source.files, folder);
      const alternative = source.alternative === undefined ? '' : `\n${source.alternative}`;
      throw new FailureError(`${adviseByHand(outcome, wanted)}${alternative}`);
    }
    files.push({ name: file.name, outcome });
    before += file.size;
  }
  checkLayout(entry, folder);
  const complete = files.every(({ outcome }) => outcome === 'present');
  return { name, folder, outcome: complete ? 'complete' : 'fetched', files };
}

async function getFile(
  file: CatalogFile,
  folder: string,
  options: GetOptions,
  onBytes: (done: number) => void,
): Promise<FileOutcome | DownloadFailure> {
  const target = file.unpacksTo === undefined ? undefined : join(folder, file.unpacksTo);
  // The folder gets its name only when everything is in it.
  if (target !== undefined && existsSync(target)) return 'present';
  const { signal, retries, idleTimeout, wait, onProgress } = options;
  const path = join(folder, file.name);
  const outcome = await downloadFile({
    ...file,
    path,
    signal,
    retries,
    idleTimeout,
    wait,
    onProgress: ({ done }) => onBytes(done),
  });
  if (typeof outcome !== 'string') return outcome;
  if (target === undefined || file.unpacksTo === undefined) return outcome;
  await unpackArchive({
    archive: path,
    target,
    topFolder: file.unpacksTo,
    signal,
    onProgress: ({ files, bytes }) =>
      onProgress?.({ stage: 'unpack', file: file.name, files, bytes }),
  });
  if (!options.keepArchives) await rm(path);
  return 'unpacked';
}

/** What is still to be had, for someone who has to get all of it by hand. */
function missingFiles(files: readonly CatalogFile[], folder: string): WantedFile[] {
  const wanted: WantedFile[] = [];
  for (const file of files) {
    const path = join(folder, file.name);
    const target = file.unpacksTo === undefined ? path : join(folder, file.unpacksTo);
    if (!existsSync(path) && !existsSync(target)) wanted.push({ ...file, path });
  }
  return wanted;
}

function checkLayout(entry: CatalogEntry, folder: string): void {
  for (const path of entry.layout) {
    if (existsSync(join(folder, path))) continue;
    throw new UsageError(
      `${folder}: ${path} is missing, so that ${entry.name} is not complete; ` +
        'move or delete the folder, then get the dataset anew',
    );
  }
}

function unknownName(name: string, entries: readonly CatalogEntry[]): UsageError {
  const names = entries.map((entry) => entry.name);
  const suggestion = nearest(name, names);
  const hint = suggestion === undefined ? '' : `. Did you mean '${suggestion}'?`;
  return new UsageError(
    `there is no dataset named '${name}' to download; expected one of ${names.join(', ')}${hint}`,
  );
}

/**
 * The first folder where readers look that has every file of a dataset of the catalog, if one has. Reads no content.
 */
export async function findDownloaded(name: string): Promise<string | undefined> {
  const entry = findInCatalog(name);
  if (entry?.source.kind !== 'download') return undefined;
  const { installed } = entry.source;
  for (const folder of dataFolders(name, {
    installed: installed === undefined ? [] : [installed],
  })) {
    if (entry.layout.every((path) => existsSync(join(folder, path)))) return folder;
  }
  return undefined;
}
