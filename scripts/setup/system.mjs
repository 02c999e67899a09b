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

const LIBTORCH_ELSEWHERE =
  'download LibTorch (https://pytorch.org/get-started/locally, or `pip install torch`), unpack it, ' +
  'and `export LIBTORCH=/path/to/libtorch`';

/**
 * Sees to compiler, CMake, LibTorch and (if wanted) Fashion-MNIST, installing what is missing
 * where apt-get may be used.
 * @param {{ dataset: boolean, state: import('./state.mjs').State }} options
 * @returns {import('./libtorch.mjs').LibTorch}
 * @throws {SetupError} with what to install and how, if it can't be done here
 */
export function ensureSystemPackages({ dataset, state }) {
  let libTorch = findLibTorch(state);
  const needs = [...missingTools(), ...missingLibTorch(libTorch)];
  const data = dataset && !hasFashionMnist();
  if (hasApt()) {
    if (data) needs.push(FASHION_MNIST);
    if (needs.length > 0) installWithApt(needs.flatMap(({ packages }) => packages));
    libTorch = findLibTorch(state);
  }
  const still = [...missingTools(), ...missingLibTorch(libTorch)];
  if (libTorch === undefined || still.length > 0) throw notInstalled(still);
  done(`compiler and CMake`);
  done(`LibTorch ${libTorch.version} (${libTorch.origin})`);
  if (dataset) reportDataset();
  return libTorch;
}

/** @type {Need} */
const FASHION_MNIST = {
  what: 'Fashion-MNIST',
  packages: ['dataset-fashion-mnist'],
  otherwise: 'put its four IDX files into data/fashion-mnist/',
};

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
        'install GCC 9 or later, or Clang 10 or later (macOS: `xcode-select --install`); LibTorch 2.13 and later need one that knows C++20',
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

/**
 * @param {import('./libtorch.mjs').LibTorch | undefined} libTorch
 * @returns {Need[]}
 */
function missingLibTorch(libTorch) {
  if (libTorch === undefined) {
    return [
      {
        what: 'LibTorch',
        packages: ['libtorch-dev', 'libopenblas0-pthread'],
        otherwise: LIBTORCH_ELSEWHERE,
      },
    ];
  }
  // Debian's LibTorch runs on whatever BLAS is installed, and the reference one is very slow.
  if (libTorch.origin !== 'Debian' || !usesReferenceBlas()) return [];
  return [{ what: 'OpenBLAS', packages: ['libopenblas0-pthread'], otherwise: 'install OpenBLAS' }];
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

function reportDataset() {
  if (hasFashionMnist()) done('Fashion-MNIST');
  else warn(`Fashion-MNIST is not on this machine: ${FASHION_MNIST.otherwise}.`);
}

/** @param {Need[]} needs */
function notInstalled(needs) {
  const list = needs.map(({ what, otherwise }) => `  ${what}: ${otherwise}`);
  return new SetupError(`These are missing and must be installed by hand:\n${list.join('\n')}`);
}
