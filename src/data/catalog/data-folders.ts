import { resolve } from 'node:path';
import { UsageError } from '../../core/errors.js';

export interface LoadOptions {
  /**
   * The folder that holds a dataset's files, or one named after the dataset that does: then the only place, because data
   * found elsewhere could be another version. Default: the usual places.
   */
  readonly root?: string | undefined;
}

interface PlaceOptions extends LoadOptions {
  /** Folders where a system's packages put this dataset, searched last. */
  readonly installed?: readonly string[];
  /** Folders that the publisher's archives unpack to, such as `cifar-10-batches-bin`, searched below every place. */
  readonly inside?: readonly string[];
}

/** Environment variable that names the folder of all datasets, in place of `data/` in the working directory. */
export const dataVariable = 'NCFM_DATA';

/**
 * Where readers look for a dataset's files, the first place first: `$NCFM_DATA/<name>`, `data/<name>` in the working
 * directory, then what the system's packages install; with a root, only `<root>` and `<root>/<name>`. Below each of
 * them come the folders that the publisher's archives unpack to.
 *
 * @returns absolute paths; none need exist.
 */
export function dataFolders(name: string, options: PlaceOptions = {}): string[] {
  const { root, installed = [], inside = [] } = options;
  const places =
    root !== undefined
      ? [resolve(root), resolve(root, name)]
      : [...new Set([downloadFolder(name), resolve('data', name)]), ...installed];
  return places.flatMap((place) => [place, ...inside.map((folder) => resolve(place, folder))]);
}

/**
 * Where a download of a dataset goes: into `to` if given, else `$NCFM_DATA/<name>`, else `data/<name>` in the working
 * directory. The last two are places where `dataFolders` looks.
 *
 * @returns an absolute path; it need not exist.
 */
export function downloadFolder(name: string, to?: string): string {
  if (to !== undefined) return resolve(to);
  const shared = process.env[dataVariable];
  return shared ? resolve(shared, name) : resolve('data', name);
}

/** That none of the folders holds a dataset's files. */
export function notFound(
  name: string,
  folders: readonly string[],
  howToGet = `get them with: ncfm data get ${name}`,
): UsageError {
  return new UsageError(
    `${name}: its files were not found; looked in ${folders.join(', ')}; ${howToGet}`,
  );
}
