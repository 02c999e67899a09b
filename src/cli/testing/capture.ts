import { Writable } from 'node:stream';
import { runCommandLine } from '../command-line.js';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process and gives what it wrote. */
export async function ncfm(...args: readonly string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) =>
    new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        written[name] += String(chunk);
        done();
      },
    });
  const streams = { stdout: stream('stdout'), stderr: stream('stderr') };
  const exitCode = await runCommandLine(args, streams);
  return { exitCode, ...written };
}
