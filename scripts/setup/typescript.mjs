import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';
import { begin, done } from './report.mjs';
import { run } from './shell.mjs';

const SOURCE = join(ROOT, 'src');
const OUTPUT = join(ROOT, 'dist');

/**
 * Compiles what has changed of src/ to dist/.
 * @param {{ fresh: boolean }} options
 */
export function buildTypeScript({ fresh }) {
  const sources = filesBelow(SOURCE).filter(isShipped);
  const modules = sources.filter((name) => /(?<!\.d)\.ts$/.test(name));
  const expected = modules.map((name) => name.replace(/ts$/, 'js'));
  const found = filesBelow(OUTPUT).filter(isModule);
  if (fresh || found.sort().join() !== expected.sort().join()) {
    begin('compiling TypeScript');
    // The compiler sees neither what is missing from its output nor what is left over.
    rmSync(OUTPUT, { recursive: true, force: true });
    rmSync(join(BUILD, 'tsconfig.tsbuildinfo'), { force: true });
  }
  run({
    title: 'Compiling TypeScript',
    command: process.execPath,
    args: [join(ROOT, 'node_modules/typescript/bin/tsc'), '--build', 'tsconfig.build.json'],
    cwd: ROOT,
  });
  for (const name of sources.filter((path) => !path.endsWith('.ts'))) {
    cpSync(join(SOURCE, name), join(OUTPUT, name));
  }
  // npx runs the package's own command as a file.
  chmodSync(join(OUTPUT, 'cli/main.js'), 0o755);
  done('TypeScript (dist/)');
}

/**
 * The page beside them is no module, and built by itself.
 * @param {string} name
 */
function isModule(name) {
  return name.endsWith('.js') && !name.startsWith(join('studio', 'page', sep));
}

/** @param {string} name */
function isShipped(name) {
  return !name.endsWith('.test.ts') && !/(^|\/)(testing|fixtures)\//.test(name);
}

/**
 * @param {string} directory
 * @returns {string[]} the files below it, by their paths from it; none if it doesn't exist
 */
function filesBelow(directory) {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(relative(directory, entry.parentPath), entry.name));
  } catch {
    return [];
  }
}
