import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageShape } from '../../core/image-shape.js';
import { pixelsPerImage } from '../dataset/dataset.js';
import type { PictureSource } from '../decoding/picture-source.js';
import type { ValueScale } from '../decoding/value-scale.js';
import { type FlatFile, fileStem, identityLength, pixelsStart, readEnds } from './flat-file.js';
import { arePixelsWhole } from './verify-pixels.js';

/** Images that an earlier decoding of other versions of a set has left. */
export interface EarlierImages extends Disposable {
  /** The image of the source's picture; nothing if it is not among them. */
  read(index: number): Uint8Array | undefined;
}

/** The share of a file's images that must be of use, as all of them are verified. */
const worthwhileShare = 0.25;

/**
 * Finds the file of the same name with the most of a source's pictures, decoded in the same way. A picture is known by the
 * hash of its stored bytes. The file's pixels are verified before any is used.
 */
export async function findEarlier(
  source: PictureSource,
  identities: Uint8Array,
  {
    folder,
    scale,
    signal,
  }: { folder: string; scale: ValueScale; signal?: AbortSignal | undefined },
): Promise<EarlierImages | undefined> {
  const wanted = new Set<string>();
  let best: { path: string; file: FlatFile; rows: Map<string, number>; common: number } | undefined;
  for (const path of candidates(source, folder)) {
    const file = readUsable(source, path, scale);
    if (file === undefined) continue;
    if (wanted.size === 0) for (const key of keysOf(identities)) wanted.add(key);
    const rows = new Map(keysOf(file.identities).map((key, row) => [key, row]));
    const common = [...rows.keys()].filter((key) => wanted.has(key)).length;
    if (common < file.header.images * worthwhileShare || common <= (best?.common ?? 0)) continue;
    best = { path, file, rows, common };
  }
  if (best === undefined) return undefined;
  const whole = await arePixelsWhole(best.path, best.file, { signal }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    return false;
  });
  return whole ? openImages(best.path, source, identities, best.rows) : undefined;
}

function candidates(source: PictureSource, folder: string): string[] {
  const start = `${fileStem(source)}-`;
  const age = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  // A folder that is not there, or is none, is told of when it is to be written.
  const names = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
  return names
    .filter((name) => name.startsWith(start) && name.endsWith('.images'))
    .map((name) => join(folder, name))
    .sort((one, other) => age(other) - age(one));
}

function readUsable(
  { decoding, shape }: PictureSource,
  path: string,
  scale: ValueScale,
): FlatFile | undefined {
  let file: FlatFile;
  try {
    file = readEnds(path);
  } catch {
    return undefined; // damaged, or of another version: as if it were not there
  }
  const { header } = file;
  const described = ({ channels, height, width }: ImageShape) => [channels, height, width];
  const ours = JSON.stringify([decoding, described(shape), scale]);
  const theirs = JSON.stringify([header.decoding, described(header.shape), header.scale]);
  return ours === theirs ? file : undefined;
}

function keysOf(identities: Uint8Array): string[] {
  const count = identities.length / identityLength;
  return Array.from({ length: count }, (_, index) => keyOf(identities, index));
}

function keyOf({ buffer, byteOffset }: Uint8Array, index: number): string {
  return Buffer.from(buffer, byteOffset + index * identityLength, identityLength).toString(
    'latin1',
  );
}

function openImages(
  path: string,
  { shape }: PictureSource,
  identities: Uint8Array,
  rows: ReadonlyMap<string, number>,
): EarlierImages {
  const stride = pixelsPerImage(shape);
  const file = openSync(path, 'r');
  return {
    read(index) {
      const row = rows.get(keyOf(identities, index));
      if (row === undefined) return undefined;
      const image = new Uint8Array(stride);
      return readSync(file, image, 0, stride, pixelsStart + row * stride) === stride
        ? image
        : undefined;
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
