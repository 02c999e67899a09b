/**
 * Runs `body` for 0 to count-1 in order, so many at a time. After an error no further one is begun.
 *
 * @throws the first error; the signal's reason.
 */
export async function concurrently(
  count: number,
  atOnce: number,
  body: (index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < count && !failed) {
      try {
        signal?.throwIfAborted();
        await body(next++);
      } catch (cause) {
        failed = true;
        throw cause;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
