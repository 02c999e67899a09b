import { parseArgs } from 'node:util';
import { SetupError } from './report.mjs';

export const HELP = `Usage: node scripts/setup.mjs [options]

Installs what ncfm needs and builds it. What is already there is left alone.

  --for <purpose>  run (default), test, or build: 'build' leaves out the dataset
  --no-dataset     don't install Fashion-MNIST
  --fresh          forget what earlier runs found and built
  --help           show this text

Environment:
  LIBTORCH         directory of the LibTorch to build against; without it the torch package of
                   python3 is used if there is one, then the system's libtorch-dev
  CXX              the C++ compiler
`;

const PURPOSES = ['run', 'test', 'build'];

/**
 * @typedef {object} Options
 * @property {boolean} dataset whether Fashion-MNIST is wanted
 * @property {boolean} fresh whether to forget the recorded state
 * @property {boolean} help
 */

/**
 * @param {string[]} args the command line without node and script
 * @returns {Options}
 * @throws {SetupError} with exit code 2 when an option or its value is unknown
 */
export function parseOptions(args) {
  const values = parse(args);
  const purpose = values.for ?? 'run';
  if (!PURPOSES.includes(purpose)) {
    throw new SetupError(
      `--for ${purpose}: unknown purpose; expected ${PURPOSES.slice(0, -1).join(', ')} or ${PURPOSES.at(-1)}.`,
      { exitCode: 2 },
    );
  }
  return {
    dataset: purpose !== 'build' && !values['no-dataset'],
    fresh: values.fresh ?? false,
    help: values.help ?? false,
  };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        for: { type: 'string' },
        'no-dataset': { type: 'boolean' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError(`${reason}\nSee node scripts/setup.mjs --help.`, { exitCode: 2 });
  }
}
