import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What an addon for a distribution's LibTorch links: other LibTorchs have libraries without versions in their names. */
const linked = /\0libtorch_cpu\.so\.([\d.]+)\0/;

/** Whether the addon that was built here is one that the package ships. */
export const isForDistribution = linked.test(readFileSync(join(root, 'build/ncfm.node'), 'latin1'));

/** The environment without what npm tells the scripts that it runs, and without a choice of LibTorch. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS|NODE_PATH|INIT_CWD|LIBTORCH)/.test(name),
  ),
);

/** Runs a program. */
export function run(cwd: string, command: string, ...args: readonly string[]) {
  const options = { cwd, encoding: 'utf8', env: environment } as const;
  const { status, stdout, stderr } = spawnSync(command, args, options);
  return { status, stdout, stderr };
}

/** Runs a program that must succeed. @returns its standard output. */
export function succeed(cwd: string, command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = run(cwd, command, ...args);
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Packs the repository, with its scripts. @returns the path of the tarball in the folder. */
export function pack(folder: string, ...options: readonly string[]): string {
  const printed = succeed(root, 'npm', 'pack', '--pack-destination', folder, ...options);
  return join(folder, printed.trim().split('\n').at(-1)!);
}

/** Makes an empty project. @returns its folder, which the caller removes. */
export function emptyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-project-'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Does what `npm install` does with a tarball, with the dependencies that are here and no registry. */
export function installFromHere(project: string, tarball: string): void {
  const modules = join(project, 'node_modules');
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: Record<string, { dev?: boolean }> };
  for (const [path, { dev }] of Object.entries(packages)) {
    if (path === '' || dev || !existsSync(join(root, path))) continue;
    cpSync(join(root, path), join(project, path), { recursive: true });
  }
  mkdirSync(join(modules, 'ncfm'));
  succeed(project, 'tar', 'xzf', tarball, '-C', join(modules, 'ncfm'), '--strip-components=1');
  mkdirSync(join(modules, '.bin'));
  symlinkSync('../ncfm/dist/cli/main.js', join(modules, '.bin/ncfm'));
}

/** Makes the addon that came with an installed package one for a LibTorch that no machine has. */
export function makeMisfit(project: string): void {
  const folder = join(project, 'node_modules/ncfm/prebuilds/linux-x64');
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const bytes = readFileSync(path, 'latin1');
    const other = (name: string, version: string) =>
      name.replace(version, version.replaceAll(/\d/g, '9'));
    writeFileSync(path, bytes.replace(linked, other), 'latin1');
  }
}
