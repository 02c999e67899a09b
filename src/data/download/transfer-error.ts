/** What a failure means for the tries to come. */
interface RetryAdvice extends ErrorOptions {
  /** Whether the same address may work in a moment; otherwise only another one can. */
  readonly again: boolean;
  /** Whether what is there of the file is worth nothing. Default: it is kept to go on from. */
  readonly discard?: boolean;
  /** How long the server asks to be left alone. */
  readonly waitSeconds?: number;
}

/** A try to get a file failed, for a reason that lies with the network or the server. */
export class TransferError extends Error {
  override readonly name = 'TransferError';

  constructor(
    message: string,
    readonly advice: RetryAdvice,
  ) {
    super(message, advice);
  }
}

/** The error behind one of `fetch`, which hides the reason in the causes of its errors. */
export function networkError(error: unknown): TransferError {
  const codes: string[] = [];
  const messages: string[] = [];
  for (let link = error; link instanceof Error && messages.length < 5; link = link.cause) {
    if ('code' in link && typeof link.code === 'string') codes.push(link.code);
    messages.push(link.message);
  }
  const code = codes.find((candidate) => candidate in reasons);
  const known = code === undefined ? undefined : `${reasons[code]} (${code})`;
  const message = known ?? messages.findLast((text) => text !== '') ?? String(error);
  // Without a way to the server, a few seconds of patience only hide from the user that there is no connection; what has
  // no code is no fault of the network, such as a redirect in a circle.
  return new TransferError(message, {
    again: codes.length > 0 && !codes.some((found) => noWayCodes.has(found)),
    cause: error,
  });
}

const noWayCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name of the server is not known',
  EAI_AGAIN: 'the name of the server could not be looked up',
  ECONNREFUSED: 'the server refused the connection',
  ECONNRESET: 'the connection was cut',
  ENETUNREACH: 'the network is unreachable',
  EHOSTUNREACH: 'the server is unreachable',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was cut',
};
