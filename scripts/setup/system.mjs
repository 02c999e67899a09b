import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { hasApt, installWithApt } from './apt.mjs';
import { findLibTorch } from './libtorch.mjs';
import { ROOT } from './paths.mjs';
import { done, SetupError, warn } from './report.mjs';
import { which } from './shell.mjs';

/**
 * Something the system must have.
 * @typedef {object} Need
 * @property {string} what for people
 * @property {readonly string[]} packages Debian's packages for it
 * @property {string} otherwise how to get it where there is no apt-get
 */

/** @type {Need} */
const LIBTORCH = {
  what: 'LibTorch',
  packages: ['libtorch-dev', 'libopenblas0-pthread', 'libgloo-dev'],
  otherwise:
    'download LibTorch (https://pytorch.org/get-started/locally, or `pip install torch`), unpack it, ' +
    'and `export LIBTORCH=/path/to/libtorch`',
};

const GLOO_HEADERS = ['/usr/include/gloo/context.h', '/usr/local/include/gloo/context.h'];

/** @type {Need} */
const FASHION_MNIST = {
  what: 'Fashion-MNIST',
  packages: ['dataset-fashion-mnist'],
  otherwise: 'put its four IDX files into data/fashion-mnist/',
};

/**
 * Debian's LibTorch runs on whatever BLAS is installed, and the reference one is very slow.
 * @type {Need}
 */
const OPENBLAS = {
  what: 'OpenBLAS (LibTorch is very slow on the reference BLAS)',
  packages: ['libopenblas0-pthread'],
  otherwise: 'install it',
};

/**
 * LibTorch has Gloo in it, and its wheels come without the headers.
 * @type {Need}
 */
const GLOO = {
  what: 'the headers of Gloo (runs by several processes need them)',
  packages: ['libgloo-dev'],
  otherwise: 'install them (https://github.com/pytorch/gloo, of 2022 or later)',
};

/**
 * Sees to what the addon is built with and against.
 * @param {{ yes: boolean }} options
 * @returns {Promise<import('./libtorch.mjs').LibTorch>}
 * @throws {SetupError} with what to install and how, if it isn't done here
 */
export async function ensureLibTorchAndTools(options) {
  let libTorch = findLibTorch();
  let needs = [...missingTools(), ...(libTorch ? [] : [LIBTORCH])];
  if (needs.length > 0 && hasApt()) {
    const packages = needs.flatMap((need) => need.packages);
    await installWithApt(packages, options);
    libTorch = findLibTorch();
    needs = [...missingTools(), ...(libTorch ? [] : [LIBTORCH])];
  }
  if (libTorch === undefined || needs.length > 0) throw notInstalled(needs);
  done('compiler and CMake');
  done(`LibTorch ${libTorch.version} (${libTorch.origin})`);
  if (libTorch.origin === 'Debian') await ensureOpenBlas(options);
  if (!GLOO_HEADERS.some((path) => existsSync(path))) await ensureOptional(GLOO, options);
  return libTorch;
}

/**
 * Sees to a fast BLAS below the system's LibTorch.
 * @param {{ yes: boolean }} options
 */
export async function ensureOpenBlas(options) {
  if (usesReferenceBlas()) await ensureOptional(OPENBLAS, options);
}

/**
 * Sees to Fashion-MNIST.
 * @param {{ yes: boolean }} options
 */
export async function ensureDataset(options) {
  if (hasFashionMnist() || (await ensureOptional(FASHION_MNIST, options))) done('Fashion-MNIST');
}

/**
 * @param {Need} need something that ncfm works without
 * @param {{ yes: boolean }} options
 * @returns {Promise<boolean>} whether it is there now
 */
async function ensureOptional({ what, packages, otherwise }, options) {
  try {
    if (!hasApt()) throw new SetupError(`Not installed: ${what}; ${otherwise}.`);
    await installWithApt(packages, options);
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    warn(error.message);
    return false;
  }
}

/** @returns {Need[]} */
function missingTools() {
  const compilers = process.env.CXX
    ? [process.env.CXX.split(' ')[0] ?? '']
    : ['c++', 'g++', 'clang++'];
  const tools = [
    {
      commands: compilers,
      what: 'a C++ compiler',
      packages: ['g++'],
      otherwise:
        'install GCC 9 or later, or Clang 10 or later; LibTorch 2.13 and later need one that knows C++20',
    },
    {
      commands: ['cmake'],
      what: 'CMake',
      packages: ['cmake'],
      otherwise: 'install CMake 3.18 or later (https://cmake.org/download)',
    },
    {
      commands: ['ninja', 'make'],
      what: 'Ninja or Make',
      packages: ['ninja-build'],
      otherwise: 'install Ninja (https://ninja-build.org) or Make',
    },
  ];
  return tools.filter(({ commands }) => !commands.some((command) => which(command)));
}

function usesReferenceBlas() {
  const libraries = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/libblas.so.3`);
  const chosen = libraries.find((path) => existsSync(path));
  return chosen !== undefined && /\/blas\/libblas\.so/.test(realpathSync(chosen));
}

function hasFashionMnist() {
  const places = [join(ROOT, 'data/fashion-mnist'), '/usr/share/datasets/fashion-mnist'];
  if (process.env.NCFM_DATA) places.unshift(join(process.env.NCFM_DATA, 'fashion-mnist'));
  return places.some((directory) => existsSync(directory));
}

/** @param {Need[]} needs */
function notInstalled(needs) {
  const list = needs.map(({ what, otherwise }) => `  ${what}: ${otherwise}`);
  return new SetupError(`These are missing and must be installed by hand:\n${list.join('\n')}`);
}
