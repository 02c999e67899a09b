import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder } from '../../src/core/testing/folder.js';
import { launchAll, ncfm } from './processes.js';

/** The digits, cut down to a second. */
const quick = [
  ...['--set', 'pretrain={ networks: 3, length: { epochs: 0.1 } }'],
  ...['--set', 'evaluate={ length: { steps: 3 }, seeds: 3 }'],
  ...['--threads', '1', '--quiet'],
];
export const few = ['--set', 'distill.iterations=6'];

export interface Place {
  readonly folder: string;
  readonly args: (command: string, name: string, ...more: readonly string[]) => string[];
}

export function place(folder = temporaryFolder()): Place {
  const flags = ['--runs', join(folder, 'runs'), '--cache', join(folder, 'cache'), ...quick];
  return {
    folder: join(folder, 'runs'),
    args: (command, name, ...more) => [ncfm, command, 'digits', '--name', name, ...flags, ...more],
  };
}

export async function alone(args: readonly string[]): Promise<void> {
  const [ended] = await launchAll(1, args);
  expect(ended!.exitCode, ended!.stderr).toBe(0);
}

export function product(run: string): Buffer {
  return readFileSync(join(run, 'distilled/images.safetensors'));
}
