import { spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { BUILD } from './paths.mjs';
import { SetupError } from './report.mjs';

const LOG = join(BUILD, 'setup.log');
const LINES_SHOWN = 40;

/** The log is emptied by the first command of a run, so that it tells of one run. */
let logIsOpen = false;

/**
 * @typedef {object} Command
 * @property {string} title what the command does, for the error message: 'compiling the addon'
 * @property {string} command
 * @property {readonly string[]} args
 * @property {NodeJS.ProcessEnv} [env] added to this process's environment
 * @property {string} [cwd]
 */

/**
 * Runs a command with its output in build/setup.log.
 * @param {Command} command
 * @returns {{ ok: boolean, output: string }} the output is both streams together
 */
export function attempt({ command, args, env, cwd }) {
  mkdirSync(BUILD, { recursive: true });
  const header = `$ ${[command, ...args].join(' ')}\n`;
  const file = openSync(LOG, logIsOpen ? 'a' : 'w');
  logIsOpen = true;
  try {
    writeSync(file, header);
    const start = readFileSync(LOG).length;
    const result = spawnSync(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', file, file],
    });
    const output = readFileSync(LOG).subarray(start).toString();
    if (result.error) return { ok: false, output: `${output}${result.error.message}\n` };
    return { ok: result.status === 0, output };
  } finally {
    closeSync(file);
  }
}

/**
 * Runs a command that has to succeed.
 * @param {Command} command
 * @returns {string} its output
 * @throws {SetupError} with the end of the output
 */
export function run(command) {
  const { ok, output } = attempt(command);
  if (!ok) throw failure(command.title, output);
  return output;
}

/**
 * @param {string} title
 * @param {string} output
 * @param {string} [advice]
 */
export function failure(title, output, advice) {
  const lines = output.trimEnd().split('\n');
  const shown = lines.slice(-LINES_SHOWN).map((line) => `  ${line}`);
  const log = relative(process.cwd(), LOG) || LOG;
  const last = advice ? `\n${advice}` : '';
  return new SetupError(
    `${title} failed:\n${shown.join('\n')}\nThe whole output is in ${log}.${last}`,
  );
}

/**
 * @param {string} output
 * @returns {boolean} whether a command's output speaks of an unreachable network
 */
export function looksOffline(output) {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|Could not resolve|Temporary failure resolving|Could not connect|Connection timed out|Network is unreachable/i.test(
    output,
  );
}

/**
 * @param {string} command
 * @returns {string | undefined} where PATH has an executable of this name
 */
export function which(command) {
  const directories = command.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return directories.map((directory) => join(directory, command)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
