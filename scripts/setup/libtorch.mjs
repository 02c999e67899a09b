import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SetupError } from './report.mjs';
import { which } from './shell.mjs';

/**
 * @typedef {object} LibTorch
 * @property {string} cmakeDirectory the directory of TorchConfig.cmake
 * @property {string} version
 * @property {string} origin for people: 'Debian', 'LIBTORCH', 'Python'
 */

/** Where TorchConfig.cmake lies below an installation's root; `*` is the machine's architecture. */
const LAYOUTS = ['share/cmake/Torch', 'lib/cmake/Torch', 'lib/*/cmake/Torch', 'cmake/Torch', '.'];
const SYSTEM_ROOTS = ['/usr', '/usr/local'];

/**
 * Finds the LibTorch to build against: LIBTORCH, else the torch package of Python, else the
 * system's.
 * @returns {LibTorch | undefined}
 * @throws {SetupError} if LIBTORCH names something that is no LibTorch
 */
export function findLibTorch() {
  const named = process.env.LIBTORCH;
  if (named) return fromEnvironment(resolve(named));
  for (const root of pythonTorchRoots()) {
    const cmakeDirectory = cmakeDirectoryBelow(root);
    if (cmakeDirectory) return describe(cmakeDirectory, 'Python');
  }
  for (const root of SYSTEM_ROOTS) {
    const cmakeDirectory = cmakeDirectoryBelow(root);
    const origin = existsSync('/etc/debian_version') && root === '/usr' ? 'Debian' : root;
    if (cmakeDirectory) return describe(cmakeDirectory, origin);
  }
  return undefined;
}

/** @param {string} root */
function fromEnvironment(root) {
  const cmakeDirectory = cmakeDirectoryBelow(root);
  if (cmakeDirectory) return describe(cmakeDirectory, 'LIBTORCH');
  const problem = existsSync(root) ? 'holds no LibTorch' : 'does not exist';
  throw new SetupError(
    `LIBTORCH=${process.env.LIBTORCH}: the directory ${problem}; expected share/cmake/Torch/TorchConfig.cmake in it.\n` +
      'Name the directory that holds include/, lib/ and share/, or unset LIBTORCH to have it found.',
  );
}

/**
 * @param {string} root
 * @returns {string | undefined}
 */
function cmakeDirectoryBelow(root) {
  return LAYOUTS.flatMap((layout) => expand(root, layout)).find((directory) =>
    existsSync(join(directory, 'TorchConfig.cmake')),
  );
}

/**
 * @param {string} root
 * @param {string} layout
 */
function expand(root, layout) {
  const [before, after] = layout.split('/*/');
  if (before === undefined || after === undefined) return [join(root, layout)];
  const parent = join(root, before);
  if (!existsSync(parent)) return [];
  return readdirSync(parent).map((name) => join(parent, name, after));
}

/**
 * @param {string} cmakeDirectory
 * @param {string} origin
 * @returns {LibTorch}
 */
function describe(cmakeDirectory, origin) {
  return { cmakeDirectory, origin, version: versionOf(cmakeDirectory) };
}

/** @param {string} cmakeDirectory */
function versionOf(cmakeDirectory) {
  const path = join(cmakeDirectory, 'TorchConfigVersion.cmake');
  if (!existsSync(path)) return 'of unknown version';
  return /PACKAGE_VERSION "([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? 'of unknown version';
}

/** Finding the package does not import it, which would take seconds. */
const PYTHON_QUESTION = `
import importlib.util
spec = importlib.util.find_spec('torch')
print((list(spec.submodule_search_locations or []) if spec else [])[0])
`;

/** @returns {string[]} the directories of the torch packages of the user's Python and the system's */
function pythonTorchRoots() {
  const pythons = [which('python3'), which('/usr/bin/python3')].filter(
    (path) => path !== undefined,
  );
  return pythons.flatMap((python) => {
    const options = /** @type {const} */ ({ encoding: 'utf8', cwd: '/' });
    const { status, stdout } = spawnSync(python, ['-c', PYTHON_QUESTION], options);
    return status === 0 ? [stdout.trim()] : [];
  });
}
