import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { count, wrong } from '../arguments.js';
import { runProgram } from '../errors.js';
import { formatSeconds, textTable } from '../table.js';
import { works } from './job.js';
import { besideLoops, measureAll, type Outcome, type Waiting } from './measure.js';

const help = `Usage: npm run bench:load -- [options]

Steps per second, and the share of those on a machine without other work, while loops keep the
processor busy beside them: with waiting as ncfm sets it, as GNU's OpenMP has it unless told
otherwise, without any spinning, and with one thread. To be run on an idle machine.

  --seconds <n>    seconds of each measurement (default: 5)
  --rounds <n>     measurements of each case, of which the median counts (default: 3)
  --loops <list>   numbers of busy loops (default: 0,1,2)
  --spin <n>       turns of waiting to try as well (GOMP_SPINCOUNT)
  --json           prints one JSON object
  --help           shows this text
`;

/** Prints the table on standard output, progress on standard error. */
await runProgram(async () => {
  const options = parseOptions();
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  const waitings = waitingsFor(availableParallelism(), options.spin);
  const outcomes: Outcome[] = [];
  for (const loops of options.loops) {
    const cases = works.flatMap((work) => waitings.map((waiting) => ({ work, waiting, loops })));
    outcomes.push(...besideLoops(loops, () => measureAll(cases, options)));
  }
  const text = options.json ? `${JSON.stringify(outcomes)}\n` : report(outcomes, options.loops);
  process.stdout.write(text);
  return 0;
});

function parseOptions() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
      loops: { type: 'string', default: '0,1,2' },
      spin: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const loops = values.loops.split(',').map(Number);
  if (!loops.every((number) => Number.isInteger(number) && number >= 0)) {
    throw wrong(`--loops ${values.loops}: expected whole numbers, separated by commas`);
  }
  const [seconds, rounds] = [count('seconds', values.seconds)!, count('rounds', values.rounds)!];
  return { ...values, seconds, rounds, loops, spin: count('spin', values.spin) };
}

function waitingsFor(cores: number, spin: number | undefined): Waiting[] {
  const turns = (number: number) => ({ GOMP_SPINCOUNT: String(number) });
  const all = [
    { name: "ncfm's", threads: cores, environment: {} },
    // What it does when neither variable is set.
    { name: "GNU's default", threads: cores, environment: turns(300_000) },
    { name: 'no spinning', threads: cores, environment: turns(0) },
    { name: "ncfm's", threads: 1, environment: {} },
  ];
  if (spin === undefined) return all;
  return [...all, { name: `${spin} turns`, threads: cores, environment: turns(spin) }];
}

function report(outcomes: readonly Outcome[], loops: readonly number[]): string {
  const cores = availableParallelism();
  const columns = [
    { heading: 'work' },
    { heading: 'waiting' },
    { heading: 'threads', numeric: true },
    { heading: 'loops', numeric: true },
    { heading: 'steps/s', numeric: true },
    { heading: 'of alone', numeric: true },
    { heading: 'fair share', numeric: true },
    { heading: 'processor/step', numeric: true },
    { heading: 'slowest step', numeric: true },
  ];
  const rows = works.flatMap((work) =>
    outcomes
      .filter((outcome) => outcome.work === work)
      .map((outcome) => row(outcome, outcomes, cores)),
  );
  return `${cores} cores, busy loops: ${loops.join(', ')}\n\n${textTable(columns, rows)}`;
}

function row(outcome: Outcome, all: readonly Outcome[], cores: number): string[] {
  const { work, waiting, loops, stepsPerSecond, processorSecondsPerStep, slowest } = outcome;
  const { name, threads } = waiting;
  const alone = all.find(
    (other) =>
      other.work === work &&
      other.waiting.name === name &&
      other.waiting.threads === threads &&
      other.loops === 0,
  );
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  return [
    work,
    name,
    String(threads),
    String(loops),
    stepsPerSecond.toPrecision(3),
    alone === undefined ? '' : percent(stepsPerSecond / alone.stepsPerSecond),
    percent(Math.min(1, cores / (threads + loops))),
    formatSeconds(processorSecondsPerStep),
    formatSeconds(slowest),
  ];
}
