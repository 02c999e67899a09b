import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';
import { begin, done } from './report.mjs';
import { run } from './shell.mjs';
import { filesBelow, fingerprint } from './state.mjs';

const SOURCE = join(ROOT, 'src');
const OUTPUT = join(ROOT, 'dist');

/**
 * Compiles src/ to dist/ when a source, a setting or a dependency has changed.
 * @param {{ state: import('./state.mjs').State }} options
 */
export function buildTypeScript({ state }) {
  const sources = filesBelow(SOURCE, isShipped);
  // An installed package holds dist/ and no sources.
  if (sources.length === 0) return;
  const settings = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  const hash = fingerprint([...sources, ...settings.map((name) => join(ROOT, name))], {});
  const outputs = sources.map(outputOf);
  const complete = outputs.every((path) => existsSync(path));
  if (!complete || recalledHash(state) !== hash) {
    begin('compiling TypeScript');
    state.forget('typescript');
    compile(sources, complete ? outputs : []);
    // npx runs the package's own command as a file.
    chmodSync(join(OUTPUT, 'cli/main.js'), 0o755);
    state.record('typescript', { hash });
  }
  done('TypeScript (dist/)');
}

/** @param {import('./state.mjs').State} state */
function recalledHash(state) {
  return /** @type {{ hash?: string } | undefined} */ (state.recall('typescript'))?.hash;
}

/** @param {string} path */
function isShipped(path) {
  const name = relative(SOURCE, path);
  return !name.endsWith('.test.ts') && !/(^|\/)(testing|fixtures)\//.test(name);
}

/** @param {string} source */
function outputOf(source) {
  return join(OUTPUT, relative(SOURCE, source).replace(/(?<!\.d)\.ts$/, '.js'));
}

/**
 * @param {string[]} sources
 * @param {string[]} outputs what dist/ should hold; none to build it anew
 */
function compile(sources, outputs) {
  const stale = filesBelow(OUTPUT, (path) => path.endsWith('.js')).some(
    (path) => !outputs.includes(path),
  );
  if (stale || outputs.length === 0) {
    // The compiler's incremental record must go with its output, or nothing is written.
    rmSync(OUTPUT, { recursive: true, force: true });
    rmSync(join(BUILD, 'tsconfig.tsbuildinfo'), { force: true });
  }
  run({
    title: 'Compiling TypeScript',
    command: process.execPath,
    args: [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
    cwd: ROOT,
  });
  for (const source of sources.filter((path) => !path.endsWith('.ts'))) {
    const target = outputOf(source);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
  }
}
