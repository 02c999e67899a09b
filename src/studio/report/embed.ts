import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NearestImages } from '../../pipeline/nearest-images.js';
import type { Snapshot } from '../../run/events.js';
import { insideOf } from '../reading/inside.js';
import type { Addresses, RunSource } from '../reading/run-view.js';
import { spriteOf } from '../reading/sprite.js';
import type { NearestView, SnapshotView } from '../view.js';

/** Snapshots of one run that a report holds at most. */
const mostSnapshots = 80;

/**
 * Addresses that hold what they name, so that a report needs nothing else.
 * @param bytes that the snapshots of a run may take; of more of them some are left out, evenly, but the first and the last
 */
export function embedded(bytes: number): Addresses {
  return {
    snapshots: (source) => embeddedSnapshots(source, bytes),
    nearest: ({ folder }, images) => embeddedNearest(folder, images, bytes / 4),
    figure: async ({ folder }, file) =>
      dataAddress('image/svg+xml', await readFile(join(folder, file))),
  };
}

async function embeddedSnapshots(
  { folder, log }: RunSource,
  bytes: number,
): Promise<SnapshotView[]> {
  const told = [...log.snapshots.values()].sort((a, b) => a.iteration - b.iteration);
  const last = told.at(-1);
  if (last === undefined) return [];
  const probe = await embeddedSnapshot(folder, last, 1);
  if (probe === undefined) return [];
  const size = probe.src.length;
  const fitting = Math.max(2, Math.min(mostSnapshots, Math.floor(bytes / size)));
  const smaller = Math.max(1, Math.sqrt((2 * size) / bytes));
  const chosen = evenly(told, fitting);
  const found: SnapshotView[] = [];
  for (const snapshot of chosen) {
    const view = await embeddedSnapshot(folder, snapshot, smaller);
    if (view) found.push(view);
  }
  return found;
}

/** Nothing where the picture is gone, or is not the run's. */
async function embeddedSnapshot(
  folder: string,
  { iteration, path, cells }: Omit<Snapshot, 'type'>,
  smaller: number,
): Promise<SnapshotView | undefined> {
  const file = insideOf(folder, path);
  if (file === undefined) return undefined;
  try {
    const { webp, layout } = await spriteOf(file, cells, smaller);
    return { iteration, src: dataAddress('image/webp', webp), ...layout };
  } catch {
    return undefined;
  }
}

/** @param bytes that they may take */
async function embeddedNearest(
  folder: string,
  { cells, tiles, distances }: NearestImages,
  bytes: number,
): Promise<NearestView | undefined> {
  const file = insideOf(folder, 'nearest.png');
  if (file === undefined) return undefined;
  const whole = await spriteOf(file, cells);
  const smaller = Math.sqrt(whole.webp.length / bytes);
  const { webp, layout } = smaller > 1 ? await spriteOf(file, cells, smaller) : whole;
  return { src: dataAddress('image/webp', webp), ...layout, tiles, distances };
}

/** Some of the values, evenly spaced, the first and the last among them. */
function evenly<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  const step = (values.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => values[Math.round(index * step)]!);
}

function dataAddress(type: string, content: Buffer): string {
  return `data:${type};base64,${content.toString('base64')}`;
}
