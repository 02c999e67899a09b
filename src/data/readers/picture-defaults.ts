import type { PictureHeader } from '../decoding/picture-header.js';

/** What a sample of pictures suggests. */
export interface PictureDefaults {
  /** How many pictures were looked at. */
  readonly sampled: number;
  /** Of the sampled pictures' shorter sides, in pixels. */
  readonly medianSide: number;
  /** Of the sampled pictures, how many are smaller than the size and have to be enlarged. */
  readonly enlarged: number;
  /** Width and height of every decoded picture: a power of two in 32..128. */
  readonly size: number;
  readonly channels: 1 | 3;
}

const mostSamples = 256;
const usualSizes = [128, 64, 32] as const;

/**
 * Chooses a size and a number of channels by a sample of at most 256 pictures, spread evenly: the largest of 32, 64
 * and 128 that is not above the median shorter side (so at most half of the pictures are enlarged; all may be where
 * the median is below 32), and 1 channel if every sampled picture is stored in shades of grey, else 3. Damaged
 * pictures don't count.
 *
 * @param total how many pictures there are; at least one.
 * @param probe looks at one of them.
 * @throws UsageError if none of the sampled pictures can be read: that of the first.
 */
export async function choosePictureDefaults(
  total: number,
  probe: (index: number) => Promise<PictureHeader>,
): Promise<PictureDefaults> {
  const count = Math.min(mostSamples, total);
  const probes: PictureHeader[] = [];
  let problem: unknown;
  for (let sample = 0; sample < count; sample++) {
    try {
      probes.push(await probe(Math.floor((sample * total) / count)));
    } catch (cause) {
      problem ??= cause;
    }
  }
  if (probes.length === 0) throw problem;
  const sides = probes.map(({ width, height }) => Math.min(width, height)).sort((a, b) => a - b);
  const medianSide = sides[Math.floor((sides.length - 1) / 2)]!;
  const size = usualSizes.find((candidate) => candidate <= medianSide) ?? 32;
  return {
    sampled: probes.length,
    medianSide,
    enlarged: sides.filter((side) => side < size).length,
    size,
    channels: probes.every(({ channels }) => channels === 1) ? 1 : 3,
  };
}
