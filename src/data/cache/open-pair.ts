import type { Normalization } from '../../core/image-shape.js';
import type { DatasetPair } from '../dataset/dataset.js';
import type { DamagedPicture, PictureSource } from '../decoding/picture-source.js';
import type { ValueScale } from '../decoding/value-scale.js';
import { countDamaged, damageError, listDamaged, requireEveryClass } from './damage.js';
import { type CachedPart, type CacheOptions, openPart } from './open-cached.js';

export interface DecodingProgress {
  /** The dataset's name and part. */
  readonly data: string;
  readonly done: number;
  readonly total: number;
}

export interface PairOptions
  extends Omit<CacheOptions, 'onProgress' | 'onReading' | 'scale' | 'onDamaged'> {
  readonly onProgress?: ((progress: DecodingProgress) => void) | undefined;
}

export interface CachedPair extends DatasetPair {
  /** The pictures that are in neither. */
  readonly damaged: {
    readonly train: readonly DamagedPicture[];
    readonly test: readonly DamagedPicture[];
  };
  /** Mean of every channel of the training images, in [0, 1]. */
  readonly mean: readonly number[];
}

/** The parts of a set of pictures, and a normalisation that is customary for it. */
export interface PictureParts {
  readonly train: PictureSource;
  readonly test: PictureSource;
  readonly normalization?: Normalization | undefined;
}

/**
 * Decodes both parts of a set, see `openCached`, leaving out what is damaged. The test part is normalised as the
 * training part, and its values of more than 8 bits are scaled as there.
 *
 * @throws as `openCached` does, but for single damaged pictures.
 */
export async function openCachedPair(
  { train, test, normalization }: PictureParts,
  options: PairOptions,
): Promise<CachedPair> {
  const first = await openPart(train, {
    ...options,
    ...progressCallbacks(train, options),
    normalization,
  });
  const second = await openPart(test, {
    ...options,
    ...progressCallbacks(test, options),
    normalization: first.dataset.normalization,
    scale: first.scale,
  });
  noteScale(first, options);
  return {
    train: first.dataset,
    test: second.dataset,
    damaged: { train: first.damaged, test: second.damaged },
    mean: first.mean,
  };
}

/**
 * Decides what becomes of damaged pictures.
 *
 * @param onWarning told what is left out.
 * @throws UsageError naming them, if the set is to be whole; or if nothing is left of a class.
 */
export function withoutDamaged(
  { train, test }: PictureParts,
  pair: CachedPair,
  {
    onDamaged = 'stop',
    onWarning,
  }: { onDamaged?: 'stop' | 'skip' | undefined; onWarning: (message: string) => void },
): DatasetPair {
  const parts = [
    { source: train, dataset: pair.train, damaged: pair.damaged.train },
    { source: test, dataset: pair.test, damaged: pair.damaged.test },
  ].filter(({ damaged }) => damaged.length > 0);
  if (parts.length === 0) return { train: pair.train, test: pair.test };
  const described = parts.map(({ source: { name, split, labels }, damaged }) => ({
    name,
    split,
    pictures: labels.length,
    damaged,
  }));
  if (onDamaged === 'stop') throw damageError(described);
  for (const [row, { source, dataset }] of parts.entries()) {
    const { classNames, labels: all } = source;
    requireEveryClass(described[row]!, classNames, { labels: dataset.labels, all });
  }
  onWarning(
    `left out, as dataset.onDamaged says: ${countDamaged(described)}, damaged or missing\n${listDamaged(described)}`,
  );
  const skipped = parts.flatMap(({ source: { split }, damaged }) =>
    damaged.map(({ place, reason }) => ({ split, place, reason })),
  );
  return { train: pair.train, test: pair.test, skipped };
}

/** Reading is told of where it takes longer than this, in milliseconds, and as often. */
const progressInterval = 1000;

function progressCallbacks({ name, split }: PictureSource, { onProgress }: PairOptions) {
  let last = performance.now();
  return {
    onReading(done: number, total: number): void {
      const now = performance.now();
      if (now - last < progressInterval) return;
      last = now;
      onProgress?.({ data: `${name} ${split}, reading`, done, total });
    },
    onProgress: (done: number, total: number) =>
      onProgress?.({ data: `${name} ${split}`, done, total }),
  };
}

function noteScale({ scale }: CachedPart, { onNote }: PairOptions): void {
  for (const text of describeScale(scale)) {
    onNote?.(`${text} become black to white, as all training pictures together have it`);
  }
}

const typeNames: Readonly<Record<string, string>> = {
  ushort: '16-bit values',
  uint: '32-bit values',
  float: 'floating-point values',
};

function describeScale(scale: ValueScale): string[] {
  if (scale === 'unknown') return [];
  const short = (value: number) => String(Number(value.toPrecision(6)));
  return Object.entries(scale).map(
    ([type, { black, white }]) =>
      `${typeNames[type] ?? `${type} values`} of ${short(black)} to ${short(white)}`,
  );
}
