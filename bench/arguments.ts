import { parseArgs } from 'node:util';
import type { OpenBlas } from './children.js';
import { BenchError } from './errors.js';
import { type PyTorchForm, pytorchForms } from './rivals.js';
import type { Selection } from './settings.js';

export const help = `Usage: npm run bench -- [options]

Times our distillation iteration against a PyTorch program that does what the official
implementation does, and what else costs time, in one run on this machine.

  --quick            only setting (a) with the sampling network and the small measurements,
                     fewer iterations, PyTorch on half of the classes: a few minutes
  --only <names>     some of official, paper, paper-ipc1, paper-ipc50, cifar100, training,
                     overhead, kernels, phases, data, curves, methods (separated by commas);
                     only where they are named: curves, how time and memory grow with the
                     work, and methods, NCFM beside TESLA and MTT
  --iterations <n>   iterations timed on each side (of ours: times the amortisation)
  --limit <seconds>  of each measurement of methods: what takes longer is timed in part and
                     scaled (default: 120, 20 with --quick)
  --whole            times PyTorch on all classes, not on a part (CIFAR-100, --quick)
  --threads <n>      threads of both sides (default: the physical cores)
  --python <path>    the Python whose torch is measured, or its virtual environment (default:
                     NCFM_PYTHON, /usr/bin/python3, python3); repeatable
  --forms <names>    how PyTorch runs: some of eager, channels-last, bf16, compiled, compiled-bf16,
                     each but the first on channels-last tensors (default: all that it has, with
                     --quick the first three); ratios are to the fastest that computes our loss
  --openblas <which> same: PyTorch gets the OpenBLAS kernels that our engine chooses (default);
                     default: it gets those that OpenBLAS chooses
  --json             prints one JSON object
  --help             shows this text
`;

export interface BenchArguments extends Selection {
  readonly threads: number | undefined;
  readonly limit: number | undefined;
  readonly openBlas: OpenBlas;
  /** Looked for when empty. */
  readonly pythons: readonly string[];
  /** All that a PyTorch has when left out. */
  readonly forms: readonly PyTorchForm[] | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

const options = {
  quick: { type: 'boolean' },
  only: { type: 'string' },
  iterations: { type: 'string' },
  whole: { type: 'boolean' },
  limit: { type: 'string' },
  threads: { type: 'string' },
  openblas: { type: 'string' },
  python: { type: 'string', multiple: true },
  forms: { type: 'string' },
  json: { type: 'boolean' },
  tiny: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line of `npm run bench`. Throws BenchError (exit code 2) when it is wrong. */
export function parseArguments(args: readonly string[]): BenchArguments {
  const values = parseOptions(args);
  const openBlas = values.openblas ?? 'same';
  if (openBlas !== 'same' && openBlas !== 'default') {
    throw wrong(`--openblas ${openBlas}: expected same or default`);
  }
  return {
    quick: values.quick ?? false,
    only: values.only?.split(','),
    iterations: count('iterations', values.iterations),
    whole: values.whole ?? false,
    limit: count('limit', values.limit),
    threads: count('threads', values.threads),
    openBlas,
    pythons: values.python ?? [],
    forms: forms(values.forms) ?? (values.quick ? pytorchForms.slice(0, 3) : undefined),
    json: values.json ?? false,
    tiny: values.tiny ?? false,
    help: values.help ?? false,
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw wrong((cause as Error).message, cause);
  }
}

function forms(text: string | undefined): readonly PyTorchForm[] | undefined {
  return text?.split(',').map((name) => {
    const form = pytorchForms.find((known) => known === name);
    if (form !== undefined) return form;
    throw wrong(`--forms ${name}: unknown; expected some of ${pytorchForms.join(', ')}`);
  });
}

/** A positive whole number, or undefined. Throws BenchError (exit code 2) for anything else. */
export function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw wrong(`--${name} ${text}: expected a positive whole number`);
}

/** An error of the command line. */
export function wrong(message: string, cause?: unknown): BenchError {
  return new BenchError(`${message}. See --help.`, { exitCode: 2, cause });
}
