import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';
import { begin, done, SetupError } from './report.mjs';
import { run, which } from './shell.mjs';
import { filesBelow, fingerprint } from './state.mjs';

const ADDON = join(BUILD, 'ncfm.node');
const CMAKE_BUILD = join(BUILD, 'addon');
const CMAKE_LISTS = join(ROOT, 'CMakeLists.txt');

/**
 * @typedef {object} Built
 * @property {string} settings what CMake was configured with, as JSON
 * @property {string} hash over sources, settings and LibTorch
 * @property {number} size of the addon, in bytes
 */

/**
 * Compiles build/ncfm.node when a source, the compiler, LibTorch or a Node-API header package has
 * changed.
 * @param {{ libTorch: import('./libtorch.mjs').LibTorch, state: import('./state.mjs').State }} options
 */
export function buildAddon({ libTorch, state }) {
  const settings = cmakeSettings(libTorch);
  const sources = [CMAKE_LISTS, ...filesBelow(join(ROOT, 'native'))];
  const { CXX, CXXFLAGS } = process.env;
  const identity = JSON.stringify({ settings, CXX, CXXFLAGS, ...identify(libTorch, headers()) });
  const hash = fingerprint(sources, identity);
  const built = /** @type {Partial<Built>} */ (state.recall('addon') ?? {});
  if (built.hash !== hash || built.size !== sizeOf(ADDON)) {
    begin(`compiling the addon on ${availableParallelism()} cores (a minute or two)`);
    state.forget('addon');
    compile(settings, built.settings !== identity);
    state.record('addon', { hash, settings: identity, size: sizeOf(ADDON) });
  }
  done('addon (build/ncfm.node)');
}

/**
 * What CMake is told of this machine.
 * @param {import('./libtorch.mjs').LibTorch} libTorch
 * @returns {string[]}
 */
export function cmakeSettings({ cmakeDirectory }) {
  const includes = headers().map(({ directory }) => directory);
  return [
    ...(which('ninja') ? ['-G', 'Ninja'] : []),
    '-DCMAKE_BUILD_TYPE=Release',
    `-DTorch_DIR=${cmakeDirectory}`,
    `-DNCFM_NAPI_INCLUDE_DIRS=${includes.join(';')}`,
  ];
}

/**
 * What a path doesn't tell: LibTorch and the header packages may be upgraded in place.
 * @param {import('./libtorch.mjs').LibTorch} libTorch
 * @param {{ version: string }[]} packages
 */
function identify({ cmakeDirectory, version }, packages) {
  const { mtimeMs } = statSync(join(cmakeDirectory, 'TorchConfig.cmake'));
  return { libTorch: [version, mtimeMs], headers: packages.map((item) => item.version) };
}

/** @returns {{ directory: string, version: string }[]} the header packages, where Node finds them */
function headers() {
  const require = createRequire(join(ROOT, 'package.json'));
  return [
    { name: 'node-addon-api', below: '.' },
    { name: 'node-api-headers', below: 'include' },
  ].map(({ name, below }) => {
    const manifest = resolveManifest(require, name);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
    return { directory: join(dirname(manifest), below), version };
  });
}

/**
 * @param {NodeJS.Require} require
 * @param {string} name
 */
function resolveManifest(require, name) {
  try {
    return require.resolve(`${name}/package.json`);
  } catch {
    throw new SetupError(
      `The npm package ${name} is not installed; reinstall ncfm's dependencies with \`npm install\`.`,
    );
  }
}

/**
 * @param {string[]} settings
 * @param {boolean} fromScratch whether CMake's own cache may be of another configuration
 */
function compile(settings, fromScratch) {
  if (fromScratch) rmSync(CMAKE_BUILD, { recursive: true, force: true });
  run({
    title: 'Configuring the addon',
    command: 'cmake',
    args: ['-S', ROOT, '-B', CMAKE_BUILD, ...settings],
  });
  run({
    title: 'Compiling the addon',
    command: 'cmake',
    args: ['--build', CMAKE_BUILD, '--parallel', String(availableParallelism())],
  });
  run({
    title: 'Loading the addon',
    command: process.execPath,
    args: ['-e', 'require(process.argv[1])', ADDON],
  });
}

/** @param {string} path */
function sizeOf(path) {
  return existsSync(path) ? statSync(path).size : -1;
}
