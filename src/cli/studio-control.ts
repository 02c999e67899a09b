import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FailureError } from '../core/errors.js';
import { holderOf } from '../core/lock.js';
import type { Control } from '../studio/server/control.js';

export interface ControlOptions {
  readonly presets: readonly string[];
  /** Folders of runs and of trained networks. */
  readonly runs: string;
  readonly cache: string;
}

/** What is kept of what a command says on standard error, to tell why it has failed. */
const mostText = 4000;
/** How often it is looked whether a run has begun, in milliseconds. */
const interval = 100;

/** The studio's control: each run is a command of its own, which goes on when the studio ends. */
export function commandControl({ presets, runs, cache }: ControlOptions): Control {
  return {
    presets,
    plan: async (preset) => {
      const { exited, output } = command(['plan', preset, '--cache', cache, '--quiet']);
      if ((await exited) !== 0) throw new FailureError(output.errors.trim());
      return output.text;
    },
    start: (preset, name) => {
      const args = ['run', preset, '--name', name, '--runs', runs];
      return begun(join(runs, name), [...args, '--cache', cache, '--quiet']);
    },
    resume: (task, folder) => begun(folder, [task, folder, '--cache', cache, '--quiet']),
  };
}

/** Waits until a process holds the run, or has ended. */
async function begun(folder: string, args: readonly string[]): Promise<void> {
  const { exited, output } = command(args);
  let code: number | null | undefined;
  exited.then((ended) => {
    code = ended;
  });
  while (code === undefined) {
    if (existsSync(join(folder, 'events.jsonl')) && holderOf(join(folder, 'lock'))) return;
    await setTimeout(interval);
  }
  if (code !== 0) throw new FailureError(output.errors.trim() || `ncfm ended with ${code}`);
}

/** One of this program's commands, in a process that is not the terminal's. */
function command(args: readonly string[]) {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { text: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.text = (output.text + text).slice(-mostText);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.errors = (output.errors + text).slice(-mostText);
  });
  child.unref();
  const exited = new Promise<number | null>((resolve) => {
    child.on('error', ({ message }) => {
      output.errors = message;
      resolve(1);
    });
    child.on('close', (code) => resolve(code));
  });
  return { exited, output };
}
