import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A run of the digits that takes seconds and passes through everything that is kept on the way. */
const settings = [
  ...['--set', 'pretrain={ networks: 2, length: { epochs: 1.5 } }'],
  ...['--set', 'distill={ iterations: 40, amortize: 3 }'],
  ...['--set', 'distill.frequencies={ kind: sampling-network, count: 64, width: 16 }'],
  ...['--set', 'checkpoint={ seconds: 0.2, iterations: 4 }', '--set', 'snapshotEvery=10'],
  ...['--set', 'evaluate={ length: { steps: 40 }, seeds: 2 }', '--threads', '1'],
];

/** How a process ended, and what it said on standard error. */
export interface Ended {
  /** The exit code; null after a signal. */
  readonly code: number | null;
  readonly stderr: string;
}

/** A folder in which one run and its pool of networks are kept. */
export class RunFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ncfm-faults-'));

  /** Starts the run, or has it go on. */
  start(environment: Readonly<Record<string, string>> = {}): {
    readonly process: ChildProcess;
    readonly ended: Promise<Ended>;
  } {
    const places = ['--runs', join(this.path, 'runs'), '--cache', join(this.path, 'cache')];
    const child = spawn(
      process.execPath,
      [main, 'run', 'digits', ...places, ...settings, '--resume'],
      { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => resolve({ code, stderr }));
    });
    return { process: child, ended };
  }

  /** Whatever must not depend on where a run was stopped, by file: base64. */
  products(): Map<string, string> {
    const run = join(this.path, 'runs', 'digits');
    const names = readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(images\.safetensors|metadata\.json|\.png|\.svg|evaluation\.json|networks\/.*\.json)$/.test(
        name,
      ),
    );
    return new Map(names.sort().map((name) => [name, readFileSync(join(run, name), 'base64')]));
  }

  /** The accuracies of a run that has come to its end. */
  accuracy(): unknown {
    const path = join(this.path, 'runs', 'digits', 'results.json');
    if (!existsSync(path)) return undefined;
    return (JSON.parse(readFileSync(path, 'utf8')) as { accuracy: unknown }).accuracy;
  }

  delete(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
