import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';
import { begin, done } from './report.mjs';
import { run } from './shell.mjs';

const OUTPUT = join(ROOT, 'dist/studio/page');
const STAMP = join(BUILD, 'page.sha256');

/** What the page is made of: its own files, and those of src/ that it shares. */
const SOURCES = ['studio', 'src/studio', 'src/report', 'src/core', 'package-lock.json'];

/**
 * Builds the page of the studio and of reports, unless it is built already.
 * @param {{ fresh: boolean }} options
 */
export function buildPage({ fresh }) {
  const sources = fingerprint();
  if (fresh || !isBuilt(sources)) {
    begin('building the page of the studio');
    run({
      title: 'Building the page',
      command: process.execPath,
      args: [
        join(ROOT, 'node_modules/vite/bin/vite.js'),
        'build',
        '--config',
        'studio/vite.config.ts',
      ],
      cwd: ROOT,
    });
    writeFileSync(STAMP, sources);
  }
  done('page (dist/studio/page/)');
}

/** @param {string} sources */
function isBuilt(sources) {
  const files = ['page.js', 'page.css'].map((name) => join(OUTPUT, name));
  return (
    files.every((file) => existsSync(file)) &&
    existsSync(STAMP) &&
    readFileSync(STAMP, 'utf8') === sources
  );
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const path of filesOf(join(ROOT, source))) hash.update(path).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesOf(path) {
  if (!path.endsWith('.json')) {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }
  return [path];
}
