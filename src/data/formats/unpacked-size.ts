/** Whatever the machine, so much may be unpacked. */
const alwaysAllowed = 16 * 2 ** 20;

/** Unpacked bytes are held up to three times for a moment: in pieces, whole, and in another order. */
const memoryShare = 1 / 3;

/**
 * How many bytes may be unpacked into memory: a third of what the process can still have, and always 16 MiB and as many
 * as are packed. Regular pictures come to hundreds of times their packed size, so that no ratio tells a bomb: what
 * does is a total that the file states, which must fit, and which nothing may exceed.
 */
export function mostUnpacked(packed: number): number {
  return Math.max(alwaysAllowed, packed, Math.floor(process.availableMemory() * memoryShare));
}

/** What `mostUnpacked` allows, for messages. */
export function describeMostUnpacked(packed: number): string {
  return `at most ${mostUnpacked(packed)} are unpacked, a third of the memory that is free`;
}
