import type { ColourOptions } from './colour.js';
import { requireStrength } from './images.js';

/** Strengths of the six families of differentiable siamese augmentation. */
export interface Families extends ColourOptions {
  /** Shifts by whole pixels, up to this fraction of the height and of the width, filling with zeros; null or 0: off. */
  readonly crop: number | null;
  /** Zeroes a square whose side is this fraction of the image's; null or 0: off. */
  readonly cutout: number | null;
  /** Mirrors left and right, with probability 1/2. */
  readonly flip: boolean;
  /** Stretches each axis by a factor uniform in [1/scale, scale]; null or 1: off. */
  readonly scale: number | null;
  /** Turns by an angle uniform in ± this many degrees; null or 0: off. */
  readonly rotate: number | null;
  /** 'one': of the families that are on a single one applies, drawn for each class in matching, for a batch in training. */
  readonly choose: 'all' | 'one';
}

/** A family of changes, as what switches it off. */
type Family = Partial<Families>;

/** The families that move the content, of which `geometry` may choose. */
export const geometry: readonly Family[] = [{ crop: null }, { scale: null }, { rotate: null }];

const families: readonly Family[] = [
  { brightness: null, saturation: null, contrast: null },
  { cutout: null },
  { flip: false },
  ...geometry,
];

/** Throws UsageError when a strength of the families in space is out of range. */
export function checkGeometry({ crop, cutout, scale, rotate }: Families): void {
  requireStrength('crop', crop, 0, 1);
  requireStrength('cutout', cutout, 0, 1);
  requireStrength('scale', scale, 1);
  requireStrength('rotate', rotate, 0, 180);
}

/** The options as they are, or, where they choose one family, with that of `choice`, in [0, 1). */
export function chosenFamily<Options extends Families>(options: Options, choice: number): Options {
  return options.choose === 'one' ? single(options, families, choice) : options;
}

/** The options with a single one of some families: of those that are on, that of `choice`, in [0, 1). */
export function single<Options extends Families>(
  options: Options,
  among: readonly Family[],
  choice: number,
): Options {
  const on = among.filter((family) => isOn(options, family));
  const chosen = on[Math.floor(choice * on.length)];
  return Object.assign({ ...options }, ...on.filter((family) => family !== chosen));
}

function isOn(options: Families, family: Family): boolean {
  return (Object.keys(family) as (keyof Family)[]).some((key) => {
    const neutral = key === 'scale' ? 1 : 0;
    // A contrast of 0 still scales by a random factor.
    return key === 'contrast' ? options.contrast !== null : Number(options[key]) > neutral;
  });
}
