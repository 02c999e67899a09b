import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SETUP_YES } from './paths.mjs';
import { begin, SetupError } from './report.mjs';
import { attempt, failure, looksOffline, which } from './shell.mjs';

const LISTS = '/var/lib/apt/lists';

/** @returns {boolean} whether this system installs its packages with apt-get */
export function hasApt() {
  return which('apt-get') !== undefined;
}

/**
 * Installs packages as root or through a sudo that asks no password, after asking the person unless `yes`.
 * @param {readonly string[]} packages
 * @param {{ yes: boolean }} options
 * @throws {SetupError} with the command to type when that is not allowed or not possible, or with apt-get's output
 */
export async function installWithApt(packages, { yes }) {
  const asRoot = rootCommand();
  if (asRoot === undefined) {
    throw new SetupError(
      `Not installed: ${packages.join(', ')}. Installing takes the administrator's rights. Type\n` +
        `  ${aptLine(packages)}\nand run this again.`,
    );
  }
  if (!yes && !(await isAgreed(packages))) {
    throw new SetupError(
      `Not installed: ${packages.join(', ')}. Type\n  ${aptLine(packages)}\n` +
        `and run this again, or let it be done by \`${SETUP_YES}\`.`,
    );
  }
  begin(`installing ${packages.join(', ')} with apt-get`);
  const knowsPackages = hasPackageLists();
  if (!knowsPackages) update(asRoot);
  let result = install(asRoot, packages);
  if (!result.ok && knowsPackages) {
    // Old lists name files that the archive no longer has.
    update(asRoot);
    result = install(asRoot, packages);
  }
  if (!result.ok) throw failure('apt-get install', result.output, advice(result.output));
}

/**
 * What a person types to install packages.
 * @param {readonly string[]} packages
 */
export function aptLine(packages) {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  const install = `${sudo}apt-get install --yes --no-install-recommends ${packages.join(' ')}`;
  return `${sudo}apt-get update && ${install}`;
}

/**
 * Asks on the terminal; where there is none, nothing is agreed.
 * @param {readonly string[]} packages
 */
async function isAgreed(packages) {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  const question = `Not installed: ${packages.join(', ')}. Install with apt-get now? [y/N] `;
  const answer = await new Promise((resolve) => {
    // Ctrl-D ends the dialogue without an answer.
    dialogue.once('close', () => resolve(''));
    dialogue.question(question, resolve);
  });
  dialogue.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** @returns {string[] | undefined} what to put before a command so that it runs as root */
function rootCommand() {
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  if (process.getuid?.() === 0) return environment;
  const sudo = which('sudo');
  if (sudo === undefined || spawnSync(sudo, ['-n', 'true']).status !== 0) return undefined;
  return [sudo, '-n', ...environment];
}

function hasPackageLists() {
  return existsSync(LISTS) && readdirSync(LISTS).some((name) => /_Packages(\.|$)/.test(name));
}

/** @param {string[]} asRoot */
function update(asRoot) {
  const { ok, output } = aptGet(asRoot, ['update']);
  if (!ok) throw failure('apt-get update', output, advice(output));
}

/**
 * @param {string[]} asRoot
 * @param {readonly string[]} packages
 */
function install(asRoot, packages) {
  return aptGet(asRoot, ['install', '--yes', '--no-install-recommends', ...packages]);
}

/**
 * @param {string[]} asRoot
 * @param {readonly string[]} args
 */
function aptGet([command = '', ...before], args) {
  const patient = ['-o', 'DPkg::Lock::Timeout=300'];
  return attempt({
    title: 'apt-get',
    command,
    args: [...before, 'apt-get', ...patient, ...args],
  });
}

/** @param {string} output */
function advice(output) {
  if (looksOffline(output)) {
    return "The package archive can't be reached: check the network and apt's proxy settings, then run this again.";
  }
  if (/Unable to locate package|has no installation candidate/.test(output)) {
    return (
      'This release does not have all of these packages. LibTorch can come from elsewhere: set LIBTORCH to ' +
      'the directory of one (https://pytorch.org/get-started/locally).'
    );
  }
  return undefined;
}
