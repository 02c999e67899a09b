/** Below this, no ratio is a danger. */
const HARMLESS = 16 * 2 ** 20;

/** Images and labels come to 20 times their packed size at the most; deflate could make 1,000 of one byte. */
const LARGEST_RATIO = 100;

/** How many bytes so many packed ones may come to, so that a small file can't fill the memory. */
export function mostUnpacked(packed: number): number {
  return Math.max(HARMLESS, LARGEST_RATIO * packed);
}
