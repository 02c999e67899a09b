import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
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
const SYSTEM_ROOTS = ['/usr', '/usr/local', '/opt/homebrew/opt/pytorch', '/usr/local/opt/pytorch'];

/**
 * Finds the LibTorch to build against: LIBTORCH, else the torch package of Python, else the
 * system's.
 * @param {import('./state.mjs').State} state
 * @returns {LibTorch | undefined}
 * @throws {SetupError} if LIBTORCH names something that is no LibTorch
 */
export function findLibTorch(state) {
  const named = process.env.LIBTORCH;
  if (named) return fromEnvironment(resolve(named));
  for (const root of pythonTorchRoots(state)) {
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

/**
 * What a Python told of itself. Its module directories change when a package is installed or
 * removed, so the answer holds as long as their modification times do.
 * @typedef {object} PythonAnswer
 * @property {string | null} torch directory of the torch package
 * @property {[path: string, modified: number][]} directories
 */

/** Finding the package does not import it, which would take seconds. */
const PYTHON_QUESTION = `
import importlib.util, json, os, sys
spec = importlib.util.find_spec('torch')
places = list(spec.submodule_search_locations or []) if spec else []
print(json.dumps({'torch': places[0] if places else None,
                  'directories': [p for p in sys.path if os.path.isdir(p)]}))
`;

/**
 * @param {import('./state.mjs').State} state
 * @returns {string[]}
 */
function pythonTorchRoots(state) {
  const pythons = [which('python3'), which('/usr/bin/python3')].filter(
    (path) => path !== undefined,
  );
  const distinct = new Map(pythons.map((path) => [realpathSync(path), path]));
  const environment = pythonEnvironment();
  const recalled = /** @type {{ environment?: string, answers?: Record<string, PythonAnswer> }} */ (
    state.recall('python') ?? {}
  );
  const known = recalled.environment === environment ? (recalled.answers ?? {}) : {};
  /** @type {Record<string, PythonAnswer>} */
  const answers = {};
  let asked = false;
  for (const python of distinct.values()) {
    const answer = known[python];
    const holds = answer?.directories.every(([path, time]) => modified(path) === time);
    asked ||= !holds;
    answers[python] = holds && answer ? answer : ask(python);
  }
  if (asked) state.record('python', { environment, answers });
  return Object.values(answers).flatMap(({ torch }) => (torch === null ? [] : [torch]));
}

/** Whatever decides which Python answers, and with which packages. */
function pythonEnvironment() {
  const {
    PATH = '',
    VIRTUAL_ENV,
    CONDA_PREFIX,
    PYTHONPATH,
    PYTHONHOME,
    PYENV_VERSION,
  } = process.env;
  // npm puts its own directories before the user's.
  const path = PATH.split(delimiter).filter(
    (directory) => !/node_modules|node-gyp-bin/.test(directory),
  );
  return JSON.stringify([path, VIRTUAL_ENV, CONDA_PREFIX, PYTHONPATH, PYTHONHOME, PYENV_VERSION]);
}

/**
 * @param {string} python
 * @returns {PythonAnswer} an unusable Python has no torch
 */
function ask(python) {
  const { stdout, status } = spawnSync(python, ['-c', PYTHON_QUESTION], {
    encoding: 'utf8',
    cwd: '/',
  });
  if (status !== 0) return { torch: null, directories: [] };
  /** @type {{ torch: string | null, directories: string[] }} */
  const { torch, directories } = JSON.parse(stdout);
  return { torch, directories: directories.map((path) => [path, modified(path) ?? 0]) };
}

/**
 * @param {string} path
 * @returns {number | undefined} milliseconds since 1970
 */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
