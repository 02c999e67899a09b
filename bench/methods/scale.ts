import type { Cost, InnerLoop } from './cases.js';

/** Bytes that a loop took at its most, `fixed` of which were there before. */
export interface LoopBytes extends InnerLoop {
  readonly bytes: number;
}

/**
 * The bytes of a greater loop, where they grow with the inner steps, and those of a step with its images:
 * fixed + T·(c + B·m). Both measurements have as many steps, and c and m follow from their numbers of images.
 */
export function extrapolateBytes(
  [some, more]: readonly [LoopBytes, LoopBytes],
  fixed: number,
  to: InnerLoop,
): number {
  const ofStep = ({ bytes, innerSteps }: LoopBytes) => (bytes - fixed) / innerSteps;
  const ofImage = (ofStep(more) - ofStep(some)) / (more.images - some.images);
  return fixed + to.innerSteps * (ofStep(more) + ofImage * (to.images - more.images));
}

/** The seconds of a greater loop, which are as many for each image of each inner step. */
export function extrapolateSeconds(seconds: number, of: InnerLoop, to: InnerLoop): number {
  return (seconds * to.innerSteps * to.images) / (of.innerSteps * of.images);
}

/** How many of `wanted` parts fit into a limit when each takes so much: at least two, where so many are wanted. */
export function partsWithin(limit: number, each: number, wanted: number): number {
  return Math.min(wanted, Math.max(2, Math.floor(limit / each)));
}

/** What was timed, in words, where it is not the whole: '8 of 80 inner steps'. */
export function partOf(timed: InnerLoop, whole: InnerLoop): string | null {
  const part = (some: number, all: number, what: string) =>
    some === all ? [] : [`${some} of ${all} ${what}`];
  const parts = [
    ...part(timed.innerSteps, whole.innerSteps, 'inner steps'),
    ...part(timed.images, whole.images, 'images of a step'),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}

/** How many times as much as a base; null where one of both was not measured. */
export function ratios(cost: Cost, base: Cost | null): Cost | null {
  if (base === null) return null;
  const measured = cost.bytes !== null && base.bytes !== null;
  return {
    seconds: cost.seconds / base.seconds,
    bytes: measured ? cost.bytes / base.bytes : null,
  };
}
