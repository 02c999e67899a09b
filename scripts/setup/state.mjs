import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';

const STATE = join(BUILD, 'setup.json');

/**
 * What earlier runs found and built, by step. A step records whatever lets it recognise that
 * nothing has changed.
 * @typedef {object} State
 * @property {(step: string) => unknown} recall
 * @property {(step: string, value: unknown) => void} record
 * @property {(step: string) => void} forget for before an attempt that may leave half its work
 */

/**
 * @param {{ fresh: boolean }} options
 * @returns {State}
 */
export function loadState({ fresh }) {
  const steps = fresh ? {} : readSteps();
  /** @type {State['record']} */
  const record = (step, value) => {
    steps[step] = value;
    writeSteps(steps);
  };
  return { recall: (step) => steps[step], record, forget: (step) => record(step, undefined) };
}

/** @param {Record<string, unknown>} steps */
function writeSteps(steps) {
  mkdirSync(BUILD, { recursive: true });
  const unfinished = `${STATE}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(steps, null, 2)}\n`);
  renameSync(unfinished, STATE);
}

/** @returns {Record<string, unknown>} nothing if the file is missing or damaged: all is then redone */
function readSteps() {
  try {
    const steps = JSON.parse(readFileSync(STATE, 'utf8'));
    return typeof steps === 'object' && steps !== null ? steps : {};
  } catch {
    return {};
  }
}

/**
 * @param {string} directory
 * @param {(path: string) => boolean} [keep]
 * @returns {string[]} the files below the directory, sorted; none if it doesn't exist
 */
export function filesBelow(directory, keep = () => true) {
  /** @type {import('node:fs').Dirent[]} */
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? filesBelow(path, keep) : keep(path) ? [path] : [];
    })
    .sort();
}

/**
 * @param {readonly string[]} files read and hashed with their names
 * @param {unknown} settings whatever else decides the result
 * @returns {string} SHA-256 in hexadecimal
 */
export function fingerprint(files, settings) {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`\0${relative(ROOT, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
