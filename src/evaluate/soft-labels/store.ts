import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, writeFileAtomic } from '../../core/index.js';
import { loadSafetensors, saveSafetensors, type Tensor } from '../../tensor/index.js';
import type { SoftLabelOptions } from './options.js';

/** How the soft labels of a distilled set were made. */
export interface SoftLabelMetadata extends Pick<SoftLabelOptions, 'temperature' | 'correctToHard'> {
  readonly formatVersion: 1;
  readonly teacher: {
    /** Identifies the teacher's parameters. */
    readonly hash: string;
    /** Networks whose distributions are averaged. */
    readonly networks: number;
    /** The share of test images that the teacher classifies correctly, in percent. */
    readonly testAccuracy: number;
  };
  /** The share of decoded images whose most probable class is their label, in percent. */
  readonly agreement: number;
}

/** Soft labels [classes · decodedPerClass, classes] in the order of the decoded images, class by class. */
export interface SoftLabels {
  readonly probabilities: Tensor;
  readonly metadata: SoftLabelMetadata;
}

const labelsFile = 'labels.safetensors';
const metadataFile = 'labels.json';

/** Writes soft labels beside a distilled set: `labels.safetensors` (`probabilities`, float32) and `labels.json`. */
export function saveSoftLabels(folder: string, { probabilities, metadata }: SoftLabels): void {
  saveSafetensors(join(folder, labelsFile), new Map([['probabilities', probabilities]]), {
    format: 'ncfm-soft-labels',
  });
  writeFileAtomic(join(folder, metadataFile), `${JSON.stringify(metadata, null, 2)}\n`);
}

/**
 * Reads the soft labels of a distilled set; undefined when it has none. Throws UsageError when they are damaged or have
 * another shape than `shape`.
 */
export function loadSoftLabels(
  folder: string,
  shape: readonly [images: number, classes: number],
): SoftLabels | undefined {
  const paths = { labels: join(folder, labelsFile), metadata: join(folder, metadataFile) };
  if (!existsSync(paths.metadata)) return undefined;
  const metadata = readMetadata(paths.metadata);
  const { tensors } = loadSafetensors(paths.labels);
  const probabilities = tensors.get('probabilities');
  for (const tensor of tensors.values()) if (tensor !== probabilities) tensor.dispose();
  if (probabilities?.shape.join() === shape.join()) return { probabilities, metadata };
  probabilities?.dispose();
  throw new UsageError(
    `${paths.labels} does not hold probabilities of shape [${shape.join(', ')}], as the set's images ask for; write them again with \`ncfm label\``,
  );
}

function readMetadata(path: string): SoftLabelMetadata {
  try {
    const metadata = JSON.parse(readFileSync(path, 'utf8')) as SoftLabelMetadata;
    if (metadata.formatVersion === 1 && typeof metadata.teacher?.hash === 'string') return metadata;
  } catch (cause) {
    throw new UsageError(`${path} could not be read: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError(
    `${path} is not the description of soft labels that this version of ncfm writes; write them again with \`ncfm label\``,
  );
}
