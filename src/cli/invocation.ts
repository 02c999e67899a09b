import type { ReportStream } from '../terminal/view.js';

/** The streams of one command: data goes to `stdout`, everything else to `stderr`. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: ReportStream;
}

/** One command being run: where it writes, and how it ended. */
export class Invocation {
  readonly stdout: Streams['stdout'];
  readonly stderr: Streams['stderr'];
  /** 0 unless a command that finished has bad news. */
  exitCode = 0;
  /** Whether another process of the group tells the user what there is to tell. */
  isMuted = false;
  /** What precedes this process's errors: which of several it is. */
  speaker = '';
  /** What the user can do after a failure, to be told below it. */
  advice: string | undefined;

  constructor({ stdout, stderr }: Streams) {
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** Writes the command's result: one JSON object with `--json`, and text for people without. */
  print(value: object, text: string, { json }: { readonly json?: boolean }): void {
    if (!this.isMuted) this.stdout.write(json ? `${JSON.stringify(value)}\n` : text);
  }

  /** Tells the user something beside the result; nothing with `--quiet`. */
  tell(text: string, { quiet }: { readonly quiet?: boolean }): void {
    if (!quiet && !this.isMuted) this.stderr.write(text);
  }

  advise(text: string): void {
    this.advice = text;
  }
}
