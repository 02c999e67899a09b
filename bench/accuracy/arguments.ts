import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { count, wrong } from '../arguments.js';
import { buildFolder } from '../paths.js';

export const help = `Usage: npm run bench:accuracy -- [options]

Time to accuracy on Fashion-MNIST: the PyTorch program with the official settings against ours,
with the same pretrained networks, every snapshot of both evaluated alike. Results of a stage are
kept, so that a run can be continued; they are made anew when their files are deleted.

  --out <folder>         where all results go (default: build/bench/accuracy)
  --stage <names>        some of pretrain, pytorch, ours, evaluate, report (default: all)
  --ipc <list>           images per class (default: 10,1)
  --minutes <m>          time that the PyTorch program distils, for each (default: 60)
  --networks <n>         size of the pool (default: 4)
  --epochs <n>           their training (default: 3)
  --width <n>            channels of all networks (default: 128)
  --iterations <list>    our runs, each a number of iterations (default: 100,400)
  --set <key=value>      changes a setting of ours (bench/accuracy/settings); may be repeated
  --first-batch          PyTorch takes the first 1024 images of a class at every iteration, as the
                         official code does; without it, random ones
  --snapshot-ratio <r>   time between snapshots grows by this factor (default: 2)
  --steps <n>            training steps of an evaluation (default: 800)
  --seeds <n>            evaluations of each snapshot (default: 2)
  --threads <n>          threads of both sides (default: the physical cores)
  --openblas <which>     as in npm run bench
  --json                 prints the report as one JSON object
  --help                 shows this text
`;

export const stages = ['pretrain', 'pytorch', 'ours', 'evaluate', 'report'] as const;
export type Stage = (typeof stages)[number];

export interface AccuracyArguments {
  readonly out: string;
  readonly stages: readonly Stage[];
  readonly imagesPerClass: readonly number[];
  readonly minutes: number;
  readonly networks: number;
  readonly epochs: number;
  readonly width: number;
  readonly iterations: readonly number[];
  readonly overrides: readonly string[];
  readonly freshBatches: boolean;
  readonly snapshotRatio: number;
  readonly steps: number;
  readonly seeds: number;
  readonly threads: number | undefined;
  readonly openBlas: 'same' | 'default';
  readonly json: boolean;
  readonly help: boolean;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  out: text,
  stage: text,
  ipc: text,
  minutes: text,
  networks: text,
  epochs: text,
  width: text,
  iterations: text,
  set: { type: 'string', multiple: true },
  'first-batch': flag,
  'snapshot-ratio': text,
  steps: text,
  seeds: text,
  threads: text,
  openblas: text,
  json: flag,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line of `npm run bench:accuracy`. Throws BenchError (exit code 2) when it is wrong. */
export function parseAccuracyArguments(args: readonly string[]): AccuracyArguments {
  const values = parseOptions(args);
  const openBlas = values.openblas ?? 'same';
  if (openBlas !== 'same' && openBlas !== 'default') {
    throw wrong(`--openblas ${openBlas}: expected same or default`);
  }
  return {
    out: values.out ?? join(buildFolder, 'accuracy'),
    stages: stageNames(values.stage),
    imagesPerClass: counts('ipc', values.ipc ?? '10,1'),
    minutes: positive('minutes', values.minutes ?? '60', 0),
    networks: count('networks', values.networks) ?? 4,
    epochs: positive('epochs', values.epochs ?? '3', 0),
    width: count('width', values.width) ?? 128,
    iterations: counts('iterations', values.iterations ?? '100,400'),
    overrides: values.set ?? [],
    freshBatches: !values['first-batch'],
    snapshotRatio: positive('snapshot-ratio', values['snapshot-ratio'] ?? '2', 1),
    steps: count('steps', values.steps) ?? 800,
    seeds: count('seeds', values.seeds) ?? 2,
    threads: count('threads', values.threads),
    openBlas,
    json: values.json ?? false,
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

function stageNames(list: string | undefined): readonly Stage[] {
  if (list === undefined) return stages;
  const names = list.split(',');
  const unknown = names.find((name) => !(stages as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw wrong(`--stage ${unknown}: unknown; expected some of ${stages.join(', ')}`);
  }
  return stages.filter((name) => names.includes(name));
}

function counts(name: string, list: string): number[] {
  return list.split(',').map((item) => count(name, item)!);
}

function positive(name: string, value: string, above: number): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > above) return number;
  throw wrong(`--${name} ${value}: expected a number above ${above}`);
}
