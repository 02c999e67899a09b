import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { count } from '../arguments.js';
import { BenchError, runProgram } from '../errors.js';
import { repository as root } from '../paths.js';
import { summarizeTimes } from '../statistics.js';
import { textTable } from '../table.js';

const help = `Usage: npm run bench:startup -- [options]

Milliseconds until commands that compute nothing are done, and until each entry of the package is
imported, beside those of Node alone. To be run on an idle machine.

  --rounds <n>   measurements of each, in turns (default: 9)
  --json         prints one JSON object
  --help         shows this text
`;

interface Case {
  readonly name: string;
  readonly args: readonly string[];
}

/** Prints the table on standard output. */
await runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const all = cases();
  const times = all.map((): number[] => []);
  for (let round = 0; round < count('rounds', values.rounds)!; round++) {
    for (const [index, { args }] of all.entries()) times[index]!.push(milliseconds(args));
  }
  const outcomes = all.map(({ name }, index) => ({ name, ...summarizeTimes(times[index]!) }));
  if (values.json) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  else process.stdout.write(table(outcomes));
  return 0;
});

function cases(): Case[] {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const main = join(root, 'dist/cli/main.js');
  const entries = Object.keys(exports).map((path) => path.replace('.', 'ncfm'));
  return [
    { name: 'node', args: ['-e', '0'] },
    ...['--help', 'presets'].map((command) => ({ name: `ncfm ${command}`, args: [main, command] })),
    ...entries.map((entry) => ({
      name: `import '${entry}'`,
      args: ['--input-type=module', '-e', `import '${entry}'`],
    })),
  ];
}

function milliseconds(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const passed = performance.now() - started;
  if (status !== 0) throw new BenchError(`node ${args.join(' ')} failed: ${stderr}`);
  return passed;
}

function table(
  outcomes: readonly { readonly name: string; readonly median: number; readonly min: number }[],
): string {
  const rows = outcomes.map(({ name, median, min }) => [name, median.toFixed(0), min.toFixed(0)]);
  const times = ['median (ms)', 'least (ms)'].map((heading) => ({ heading, numeric: true }));
  return textTable([{ heading: '' }, ...times], rows);
}
