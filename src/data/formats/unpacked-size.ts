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

/**
 * Refuses to unpack more than `mostUnpacked` allows.
 *
 * @param what takes the bytes, as the beginning of a sentence: `its arrays take`.
 * @throws Error saying so.
 */
export function requireRoom(what: string, bytes: number, packed: number): void {
  const most = mostUnpacked(packed);
  if (bytes <= most) return;
  throw new Error(
    `${what} ${bytes} bytes; at most ${most} are unpacked, a third of the memory that is free`,
  );
}
