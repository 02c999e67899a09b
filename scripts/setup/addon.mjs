import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { ADDON, BUILD, GPU_KERNELS, IS_CHECKOUT, ROOT } from './paths.mjs';
import { begin, done, SetupError, warn } from './report.mjs';
import { run, which } from './shell.mjs';

const CMAKE_BUILD = join(BUILD, 'addon');
/** What CMake was configured for. */
const CONFIGURED = join(CMAKE_BUILD, 'configured.json');

/** What CMake tells of the kernels for GPUs. */
const KERNELS_TOLD = join(CMAKE_BUILD, 'cuda-kernels.json');

/**
 * Compiles build/ncfm.node, and build/ncfm_cuda.so where LibTorch has CUDA and there is nvcc, of which CMake sees what has changed; anew with another compiler, LibTorch or version of
 * the Node-API headers, whose files may be older than what was built from those before.
 * @param {{ libTorch: import('./libtorch.mjs').LibTorch, fresh: boolean }} options
 */
export function buildAddon({ libTorch, fresh }) {
  const { CXX, CXXFLAGS, CUDA_HOME, CUDA_PATH } = process.env;
  checkCudaHome();
  const settings = cmakeSettings(libTorch);
  const modifiedLibTorch = modified(join(libTorch.cmakeDirectory, 'TorchConfig.cmake'));
  const versions = [libTorch.version, modifiedLibTorch, headers().map(({ version }) => version)];
  const identity = JSON.stringify({
    ROOT,
    settings,
    CXX,
    CXXFLAGS,
    CUDA_HOME,
    CUDA_PATH,
    versions,
  });
  const before = modified(ADDON);
  begin('compiling what has changed of the addon (all of it takes a minute or two)');
  if (fresh || readIfThere(CONFIGURED) !== identity) configure(settings, identity);
  run({
    title: 'Compiling the addon',
    command: 'cmake',
    args: ['--build', CMAKE_BUILD, '--parallel', String(availableParallelism())],
  });
  if (modified(ADDON) !== before) checkAddon();
  done('addon (build/ncfm.node)');
  tellOfKernels();
}

/** @throws {SetupError} if CUDA_HOME names something that has no compiler */
function checkCudaHome() {
  const { CUDA_HOME } = process.env;
  if (!CUDA_HOME || which(join(CUDA_HOME, 'bin/nvcc'))) return;
  throw new SetupError(
    `CUDA_HOME=${CUDA_HOME}: there is no bin/nvcc in it that can be run.\n` +
      "Name the directory of CUDA's toolkit, or unset CUDA_HOME to have it found.",
  );
}

/** Says whether GPUs have kernels of ours. Over a LibTorch without CUDA there is nothing to say. */
function tellOfKernels() {
  const { capabilities, problem, wanted } = JSON.parse(readIfThere(KERNELS_TOLD) ?? '{}');
  if (capabilities) {
    done(`kernels for GPUs (build/ncfm_cuda.so), of compute capability ${capabilities} and later`);
  } else if (wanted) {
    warn(`GPUs will run LibTorch's own operators: ${problem}`);
  }
}

/**
 * Loads an addon in a process of its own, which it may end.
 * @param {string} path
 * @returns {string | undefined} why it can't be loaded; nothing if it can
 */
export function whyNotLoaded(path) {
  const args = ['-e', 'require(process.argv[1])', path];
  const { status, signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return /Error: (.*)/.exec(stderr)?.[1] ?? signal ?? stderr.trim();
}

function checkAddon() {
  const reason = whyNotLoaded(ADDON);
  if (reason === undefined) return;
  rmSync(ADDON);
  throw new SetupError(`The addon was built and can't be loaded: ${reason}`);
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
 * @param {string[]} settings
 * @param {string} identity of all that decides the build, beside the files that CMake watches
 */
function configure(settings, identity) {
  rmSync(CMAKE_BUILD, { recursive: true, force: true });
  for (const built of [ADDON, GPU_KERNELS]) rmSync(built, { force: true });
  mkdirSync(CMAKE_BUILD, { recursive: true });
  run({
    title: 'Configuring the addon',
    command: 'cmake',
    args: ['-S', ROOT, '-B', CMAKE_BUILD, ...settings],
  });
  writeFileSync(CONFIGURED, identity);
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
    const command = IS_CHECKOUT ? 'npm install' : 'npm install ncfm';
    throw new SetupError(
      `The npm package ${name}, which ncfm depends on, is not installed. Type \`${command}\`.`,
    );
  }
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @returns {number | undefined} milliseconds since 1970; nothing if it doesn't exist
 */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
