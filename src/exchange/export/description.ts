import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError, writeFileAtomic } from '../../core/index.js';
import type { DistilledMetadata } from '../../distill/index.js';
import { checkFormation, type Formation } from '../../distill/index.js';
import type { ExportedSet, ExportForm } from './exported-set.js';
import { type ExportFormat, exportFormats } from './files.js';

/** The file of an export's folder that says what the other files hold. */
export const descriptionFile = 'distilled.json';

/** What the files of an export do not say themselves: a set is read back by it as it was written. */
export interface ExportDescription extends DistilledMetadata {
  readonly format: ExportFormat;
  readonly form: ExportForm;
  readonly softLabels: boolean;
  /** Of pictures: each class's folder, in the order of the classes. */
  readonly folders?: readonly string[] | undefined;
}

const asTheyAre: Formation = { mode: 'single', factor: 1 };

/** Writes the description of a set into its folder; `imagesPerClass` and `formation` are those of the files. */
export function writeDescription(
  folder: string,
  { form, images, probabilities, metadata }: ExportedSet,
  { format, folders }: Pick<ExportDescription, 'format' | 'folders'>,
): void {
  const decoded = form === 'decoded';
  const description: ExportDescription = {
    ...metadata,
    imagesPerClass: images.size(0) / metadata.classNames.length,
    formation: decoded ? asTheyAre : metadata.formation,
    format,
    form,
    softLabels: probabilities !== undefined,
    ...(folders && { folders }),
  };
  const path = join(folder, descriptionFile);
  writeFileAtomic(path, `${JSON.stringify(description, null, 2)}\n`);
}

const count = z.int().positive();
const factor = count.max(1024);
const schema = z.object({
  formatVersion: z.literal(1),
  dataset: z.object({
    name: z.string(),
    hash: z.string(),
    whitening: z.exactOptional(z.literal('zca')),
  }),
  classNames: z.array(z.string()).min(1),
  imagesPerClass: count,
  shape: z.object({ channels: z.literal([1, 3]), height: count, width: count }),
  normalization: z.object({ mean: z.array(z.number()), std: z.array(z.number()) }),
  formation: z.discriminatedUnion('mode', [
    z.object({ mode: z.literal('single'), factor }),
    z.object({ mode: z.literal('multi'), factor }),
    z.object({ mode: z.literal('bound'), factor, budget: count }),
  ]),
  stepSize: z.exactOptional(z.number().positive()),
  format: z.enum(exportFormats),
  form: z.enum(['decoded', 'stored']),
  softLabels: z.boolean(),
  // They are joined to the folder's path, and must not lead out of it.
  folders: z.array(z.string().regex(/^[a-z0-9-]+$/)).optional(),
});

/**
 * The description of the export in a folder; undefined where there is none.
 *
 * @throws UsageError naming the file and the key that is missing or wrong.
 */
export function readDescription(folder: string): ExportDescription | undefined {
  const path = join(folder, descriptionFile);
  if (!existsSync(path)) return undefined;
  const parsed = schema.safeParse(readJson(path));
  if (!parsed.success) {
    const { path: key, message } = parsed.error.issues[0]!;
    throw new UsageError(
      `${path} does not describe an export of ncfm: ${[...key.map(String), message].join(': ')}. Export the set again`,
    );
  }
  const { formation, shape, format, folders, classNames } = parsed.data;
  if (formation.factor > 1) checkFormation(formation, shape.height, shape.width);
  if (format === 'png' && folders?.length !== classNames.length) {
    throw new UsageError(
      `${path} names ${folders?.length ?? 0} folders for ${classNames.length} classes. Export the set again`,
    );
  }
  return parsed.data;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`${path} could not be read: ${(cause as Error).message}`, { cause });
  }
}
