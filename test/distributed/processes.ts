import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The compiled command line. */
export const ncfm = join(root, 'dist/cli/main.js');
/** A process that takes part in what a test has a group do. */
export const member = fileURLToPath(new URL('member.mjs', import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

let launches = 0;

/** Starts a program in so many processes, as a launcher on one host does; they are killed when the test ends. */
export function launch(
  size: number,
  args: readonly string[],
  {
    env = {},
    ranks,
  }: { readonly env?: NodeJS.ProcessEnv; readonly ranks?: readonly number[] } = {},
): Launched[] {
  // Never listened at: it tells launches apart.
  const port = String(process.pid * 100 + launches++);
  return (ranks ?? Array.from({ length: size }, (_, rank) => rank)).map((rank) =>
    startProgram(process.execPath, args, {
      RANK: String(rank),
      WORLD_SIZE: String(size),
      LOCAL_RANK: String(rank),
      LOCAL_WORLD_SIZE: String(size),
      MASTER_ADDR: 'localhost',
      MASTER_PORT: port,
      ...env,
    }),
  );
}

/** The same, to the end of all. */
export async function launchAll(...launched: Parameters<typeof launch>): Promise<Ended[]> {
  return await Promise.all(launch(...launched).map(({ ended }) => ended));
}

export function startProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Launched {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, ...written }));
  });
  return { child, ended };
}
