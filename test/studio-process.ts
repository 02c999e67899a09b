import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { outputUntil } from '../src/core/testing/output.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** The compiled command line, in a process that ends with the test. */
export function command(args: readonly string[], cwd?: string): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], { ...(cwd && { cwd }) });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** `ncfm studio`, and the address that it has printed. */
export async function startStudio(runs: string, ...options: readonly string[]) {
  const child = command(['studio', runs, '--port', '0', ...options]);
  const printed = await outputUntil(child.stdout!, /\n/);
  return { child, address: printed.trim() };
}
