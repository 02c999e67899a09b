/** The user (or the system) asked the command to stop. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** 128 + the signal's number, as shells report it. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(signal === 'SIGINT' ? 'stopped by Ctrl-C' : 'stopped by a termination signal');
    this.exitCode = exitCodes[signal];
  }
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof exitCodes;

/**
 * Runs `body` so that the first Ctrl-C (or SIGTERM) aborts its signal, with an `Interruption` as the reason, and a
 * second one ends the process at once.
 * @param announce called at the first one
 */
export async function interruptible<T>(
  announce: () => void,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: StopSignal): void => {
    if (controller.signal.aborted) process.exit(exitCodes[signal]);
    announce();
    controller.abort(new Interruption(signal));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await body(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
