import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from './paths.mjs';
import { begin, done, SetupError } from './report.mjs';
import { attempt, failure, looksOffline, which } from './shell.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 */

/** Installs exactly what package-lock.json says, unless it is installed already. */
export function ensureNpmPackages() {
  const locked = readPackages(join(ROOT, 'package-lock.json'));
  // A package installed from a registry has no lock file: npm has installed what it needs.
  if (locked === undefined) return;
  const count = Object.keys(locked).length - 1;
  if (!isInstalled(locked)) {
    begin(`installing ${count} npm packages`);
    install();
  }
  done('npm packages');
}

/** @param {Record<string, LockedPackage>} locked */
function isInstalled(locked) {
  // npm writes this file last, so an interrupted installation has none.
  const installed = readPackages(join(ROOT, 'node_modules/.package-lock.json'));
  if (installed === undefined) return false;
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return (
      found.version === wanted.version &&
      found.integrity === wanted.integrity &&
      existsSync(join(ROOT, path, 'package.json'))
    );
  });
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new SetupError(`${path} is damaged: ${cause.message}.`);
    return undefined;
  }
}

function install() {
  // Like `npm ci` this installs the locked versions and leaves the lock file alone. Unlike it, it
  // accepts a lock file that lacks the optional binaries of other platforms.
  // The compiler and the test runner are development dependencies, whatever NODE_ENV says.
  const args = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund'];
  const title = 'Installing the npm packages';
  const { ok, output } = attempt({ title, cwd: ROOT, ...npmCommand(args) });
  if (ok) return;
  const advice = looksOffline(output)
    ? "The package registry can't be reached: check the network and npm's proxy settings, then run this again."
    : undefined;
  throw failure(title, output, advice);
}

/** @param {string[]} args */
function npmCommand(args) {
  const running = process.env.npm_execpath;
  if (running && basename(running) === 'npm-cli.js') {
    return { command: process.execPath, args: [running, ...args] };
  }
  const npm = which('npm');
  if (npm === undefined) {
    throw new SetupError('npm was not found on PATH. It comes with Node (https://nodejs.org).');
  }
  return { command: npm, args };
}
