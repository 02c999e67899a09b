/** Something the benchmark cannot go on with; its message is all that is shown. */
export class BenchError extends Error {
  readonly exitCode: 1 | 2;

  /** @param options.exitCode 2 for a wrong command line, 1 for everything else */
  constructor(
    message: string,
    options: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Runs a program; an expected error becomes one line on standard error and an exit code. */
export async function runProgram(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    process.stderr.write(`✗ ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
