import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { FailureError, UsageError, writeFileAtomic } from '../../core/index.js';
import { cardFacts, cardMark, datasetCard } from './card.js';
import { writeDescription } from './description.js';
import { type ExportedSet, type ExportForm, readExportedSet } from './exported-set.js';
import { classFolders, type ExportFormat } from './files.js';

/** Writes a set's files into an empty folder. */
type Writer = (folder: string, set: ExportedSet) => Promise<void> | void;

// A format's libraries are loaded when it is asked for.
const writers = {
  pt: async (folder, set) => (await import('./arrays.js')).writePt(folder, set),
  safetensors: async (folder, set) => (await import('./arrays.js')).writeSafetensors(folder, set),
  npz: async (folder, set) => (await import('./arrays.js')).writeNpz(folder, set),
  png: async (folder, set) => (await import('./png.js')).writePng(folder, set),
  parquet: async (folder, set) => (await import('./parquet.js')).writeParquet(folder, set),
} as const satisfies Readonly<Record<ExportFormat, Writer>>;

export interface ExportRequest {
  /** A run directory, or its folder `distilled`. */
  readonly run: string;
  readonly format: ExportFormat;
  /** Default: decoded. */
  readonly form?: ExportForm;
  /** Default: `export/<format>-<form>` in the run. */
  readonly out?: string;
  readonly replace?: boolean;
}

export interface ExportResult {
  readonly folder: string;
  readonly format: ExportFormat;
  readonly form: ExportForm;
  readonly images: number;
  readonly softLabels: boolean;
}

/**
 * Writes a run's distilled set in another format, with a dataset card, into a folder of its own: the whole folder or
 * none of it.
 *
 * @throws UsageError when there is no set, or something else is where the folder is to be.
 * @throws FailureError when it cannot be written.
 */
export async function exportRun({
  run,
  format,
  form = 'decoded',
  out,
  replace = false,
}: ExportRequest): Promise<ExportResult> {
  const { root, product } = locate(run);
  const folder = resolve(out ?? join(root, 'export', `${format}-${form}`));
  requireRoom(folder, replace);
  using set = readExportedSet(product, form);
  const facts = cardFacts(root);
  await writeWhole(folder, async (temporary) => {
    await writers[format](temporary, set);
    const folders = format === 'png' ? classFolders(set.metadata.classNames) : undefined;
    writeDescription(temporary, set, { format, folders });
    writeFileAtomic(join(temporary, 'README.md'), datasetCard(set, format, facts));
  });
  return {
    folder,
    format,
    form,
    images: set.labels.length,
    softLabels: set.probabilities !== undefined,
  };
}

function locate(run: string): { readonly root: string; readonly product: string } {
  const path = resolve(run);
  if (existsSync(join(path, 'distilled', 'metadata.json'))) {
    return { root: path, product: join(path, 'distilled') };
  }
  if (existsSync(join(path, 'metadata.json'))) return { root: dirname(path), product: path };
  throw new UsageError(
    `${run} holds no distilled set; name a run directory such as runs/digits, after ncfm run or ncfm distill`,
  );
}

/** Only what an export has made is ever replaced: a mistaken folder must not cost the user other work. */
function requireRoom(folder: string, replace: boolean): void {
  if (!existsSync(folder)) return;
  if (!replace) {
    throw new UsageError(`${folder} exists already; choose another with --out, or use --replace`);
  }
  const card = join(folder, 'README.md');
  if (existsSync(card) && readFileSync(card, 'utf8').includes(cardMark)) return;
  throw new UsageError(
    `${folder} was not made by an export and is not replaced; choose another with --out`,
  );
}

async function writeWhole(
  folder: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(folder), `.${basename(folder)}.${process.pid}.tmp`);
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    await write(temporary);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } catch (cause) {
    discard(temporary);
    throw new FailureError(`${folder} could not be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Where even that fails, nothing was written, or nothing can be done. */
function discard(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The error that led here says more.
  }
}
