import { parseArgs } from 'node:util';
import { SetupError } from './report.mjs';

export const HELP = `Usage: node scripts/setup.mjs [options]

Installs what ncfm needs and builds it. What is already there is left alone. Missing packages of the system are
installed after asking on a terminal; where there is none, set-up stops and says what to type.

  --yes            install missing packages of the system without asking
  --for <purpose>  run (default), test, or build: 'build' leaves out the dataset
  --fresh          build all anew
  --help           show this text

Environment:
  LIBTORCH         directory of the LibTorch to build against; without it the torch package of
                   python3 is used if there is one, then the system's libtorch-dev
  CUDA_HOME        directory of CUDA's toolkit, whose bin/nvcc compiles kernels for GPUs where LibTorch has CUDA;
                   without it nvcc is looked for in PATH and in /usr/local/cuda
  CXX              the C++ compiler
`;

const PURPOSES = ['run', 'test', 'build'];

/**
 * @typedef {object} Options
 * @property {boolean} dataset whether Fashion-MNIST is wanted
 * @property {boolean} yes whether the system's packages may be installed without asking
 * @property {boolean} fresh whether to build all anew
 * @property {boolean} help
 */

/**
 * @param {string[]} args the command line without node and script
 * @returns {Options}
 * @throws {SetupError} with exit code 2 when an option or its value is unknown
 */
export function parseOptions(args) {
  const values = parse(args);
  const purpose = values.for;
  if (!PURPOSES.includes(purpose)) {
    throw new SetupError(
      `--for ${purpose}: unknown purpose; expected ${PURPOSES.slice(0, -1).join(', ')} or ${PURPOSES.at(-1)}.`,
      { exitCode: 2 },
    );
  }
  const { yes, fresh, help } = values;
  return { dataset: purpose !== 'build', yes, fresh, help };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        for: { type: 'string', default: 'run' },
        yes: { type: 'boolean', short: 'y', default: false },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError(`${reason}\nSee node scripts/setup.mjs --help.`, { exitCode: 2 });
  }
}
