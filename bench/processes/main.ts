import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { count } from '../arguments.js';
import { BenchError, runProgram } from '../errors.js';
import { repository as root } from '../paths.js';
import { summarizeTimes } from '../statistics.js';
import { formatSeconds, textTable } from '../table.js';
import { networks, speedup, type Task } from './model.js';

const help = `Usage: npm run bench:processes -- [options]

Seconds of an iteration by one process and by several, of one thread each, in turns; the bytes that
the first process sends in it; and by a model with these figures what more processes would bring. To
be run on an idle machine with a core for each process.

  --preset <name>       (default: fashion-quick)
  --data <path>         another dataset
  --iterations <n>      of each distillation (default: 40)
  --processes <list>    numbers of processes (default: 1,2)
  --rounds <n>          distillations by each number, in turns (default: 3)
  --classes <list>      numbers of classes to model (default: 100,1000)
  --faster <list>       how many times as fast a device to model is (default: 1,200)
  --set <key=value>     changes one setting; repeatable
  --json                prints one JSON object
  --help                shows this text
`;

/** Iterations before the first that counts. */
const warmUp = 3;

const modelledProcesses = [2, 8, 64, 512];

interface Measured {
  readonly processes: number;
  /** Of an iteration, and what lies between two. */
  readonly seconds: ReturnType<typeof summarizeTimes>;
  readonly bytes: number;
  readonly classes: number;
}

await runProgram(async () => {
  const options = parseOptions();
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-processes-'));
  try {
    const measured = await measureAll(folder, options);
    const modelled = model(measured, options);
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ measured, modelled })}\n`
        : `${measuredTable(measured)}\n${modelTable(modelled)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
});

type Options = ReturnType<typeof parseOptions>;

function parseOptions() {
  const { values } = parseArgs({
    options: {
      preset: { type: 'string', default: 'fashion-quick' },
      data: { type: 'string' },
      iterations: { type: 'string', default: '40' },
      processes: { type: 'string', default: '1,2' },
      rounds: { type: 'string', default: '3' },
      classes: { type: 'string', default: '100,1000' },
      faster: { type: 'string', default: '1,200' },
      set: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const list = (name: string, text: string) => text.split(',').map((each) => count(name, each)!);
  return {
    ...values,
    iterations: count('iterations', values.iterations)!,
    rounds: count('rounds', values.rounds)!,
    processes: list('processes', values.processes),
    classes: list('classes', values.classes),
    faster: list('faster', values.faster),
  };
}

async function measureAll(folder: string, options: Options): Promise<Measured[]> {
  const rounds = options.processes.map((): Round[] => []);
  // Trains the pool.
  await distil(folder, 'first', 1, { ...options, iterations: 1 });
  for (let round = 0; round < options.rounds; round++) {
    for (const [index, processes] of options.processes.entries()) {
      const name = `round-${round}-${processes}`;
      process.stderr.write(`${name}\n`);
      rounds[index]!.push(await distil(folder, name, processes, options));
    }
  }
  return options.processes.map((processes, index) => ({
    processes,
    seconds: summarizeTimes(rounds[index]!.map(({ seconds }) => seconds)),
    bytes: rounds[index]![0]!.bytes,
    classes: rounds[index]![0]!.classes,
  }));
}

interface Round {
  readonly seconds: number;
  readonly bytes: number;
  readonly classes: number;
}

async function distil(
  folder: string,
  name: string,
  processes: number,
  { preset, data, iterations, set }: Pick<Options, 'preset' | 'data' | 'iterations' | 'set'>,
): Promise<Round> {
  const args = [
    ...[join(root, 'dist/cli/main.js'), 'distill', preset, '--name', name, '--threads', '1'],
    ...['--runs', folder, '--cache', join(folder, 'cache'), '--quiet'],
    ...(data === undefined ? [] : ['--data', data]),
    ...['--set', `distill.iterations=${iterations}`, ...set.flatMap((each) => ['--set', each])],
  ];
  const port = String(process.pid);
  const ended = Array.from({ length: processes }, (_, rank) =>
    run(args, {
      ...{ RANK: String(rank), LOCAL_RANK: String(rank) },
      ...{ WORLD_SIZE: String(processes), LOCAL_WORLD_SIZE: String(processes) },
      ...{ MASTER_ADDR: 'localhost', MASTER_PORT: port },
    }),
  );
  await Promise.all(ended);
  return readRound(join(folder, name, 'events.jsonl'));
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new BenchError(`a distillation by processes ended with ${code}`));
    });
  });
}

function readRound(path: string): Round {
  const events = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const times = events
    .filter(({ type }) => type === 'distill-iteration')
    .map(({ time }) => Date.parse(time) / 1000);
  const [first = 0, last = 0] = [times[Math.min(warmUp, times.length - 1)], times.at(-1)];
  const shared = events.find(({ type }) => type === 'distill-shared');
  return {
    seconds: (last - first) / Math.max(1, times.length - 1 - warmUp),
    bytes: shared === undefined ? 0 : shared.bytes / shared.iterations,
    classes: events.find(({ type }) => type === 'distill-start').classes,
  };
}

function measuredTable(measured: readonly Measured[]): string {
  const one = measured.find(({ processes }) => processes === 1)?.seconds.median;
  const columns = ['processes', 'an iteration', 'least', 'most', 'times as fast', 'bytes sent'];
  return textTable(
    columns.map((heading) => ({ heading, numeric: true })),
    measured.map(({ processes, seconds: { median, min, max }, bytes }) => [
      String(processes),
      ...[median, min, max].map(formatSeconds),
      one === undefined ? '' : (one / median).toFixed(2),
      bytes.toFixed(0),
    ]),
  );
}

interface Modelled {
  readonly classes: number;
  readonly faster: number;
  readonly network: string;
  /** Times as fast as one process, by the number of processes. */
  readonly speedups: Readonly<Record<number, number>>;
}

function model(measured: readonly Measured[], { classes, faster }: Options): Modelled[] {
  const one = measured.find(({ processes }) => processes === 1);
  const two = measured.find(({ processes }) => processes === 2);
  if (one === undefined || two === undefined) return [];
  // Of two processes each does half of what is shared, and all of what is not.
  const alone = Math.max(0, 2 * two.seconds.median - one.seconds.median);
  const perClass = (one.seconds.median - alone) / one.classes;
  return classes.flatMap((number) =>
    faster.flatMap((times) =>
      networks.map((network) => {
        const task: Task = {
          classes: number,
          secondsPerClass: perClass / times,
          secondsAlone: alone / times,
          summedBytes: 0,
        };
        const pairs = modelledProcesses.map(
          (each) => [each, speedup(task, each, network)] as const,
        );
        return {
          classes: number,
          faster: times,
          network: network.name,
          speedups: Object.fromEntries(pairs),
        };
      }),
    ),
  );
}

function modelTable(modelled: readonly Modelled[]): string {
  return textTable(
    [
      ...['classes', 'device'].map((heading) => ({ heading, numeric: true })),
      { heading: 'network' },
      ...modelledProcesses.map((each) => ({ heading: String(each), numeric: true })),
    ],
    modelled.map(({ classes, faster, network, speedups }) => [
      String(classes),
      `${faster}×`,
      network,
      ...modelledProcesses.map((each) => speedups[each]!.toFixed(each < 10 ? 2 : 1)),
    ]),
  );
}
