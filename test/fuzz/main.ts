import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readers } from './readers.js';
import { type Budget, type Finding, supervise, type Tally } from './supervise.js';

const help = `Usage: npm run fuzz -- [options]

Damages files in ways that coverage guides, and demands that every reader reads them whole or
rejects them by name: no other error, no crash, no hang, no leak, no unbounded memory.

  --seconds <n>     for each reader (default: 20)
  --iterations <n>  inputs for each reader, in place of seconds
  --seed <n>        of the mutations (default: 1)
  --reader <name>   only this one (repeatable): ${readers
    .map(({ name }) => name)
    .join(', ')
    .replace(/(.{60}\S*) /, '$1\n                    ')}
  --help            shows this text

Inputs that are neither are kept in build/fuzz/findings; the exit code is then 1.
`;

const root = new URL('../../', import.meta.url);
const corpus = fileURLToPath(new URL('test/fuzz/corpus/', root));
const findingsFolder = fileURLToPath(new URL('build/fuzz/findings/', root));

class Misuse extends Error {}

/** A whole number that an option gives. */
function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? text : Number(text);
  throw new Misuse(`--${name} ${text}: expected a whole number.`);
}

function parseArguments(args: readonly string[]) {
  const options = {
    seconds: { type: 'string' },
    iterations: { type: 'string' },
    seed: { type: 'string' },
    reader: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const values = parseArgs({ args: [...args], options }).values;
  const unknown = values.reader?.find((name) => !readers.some((reader) => reader.name === name));
  if (unknown !== undefined) throw new Misuse(`--reader ${unknown}: there is no such reader.`);
  const iterations = whole('iterations', values.iterations);
  const seconds = whole('seconds', values.seconds) ?? (iterations === undefined ? 20 : undefined);
  const budget: Budget = {
    seed: whole('seed', values.seed) ?? 1,
    ...(iterations !== undefined && { iterations }),
    ...(seconds !== undefined && { seconds }),
  };
  const chosen = readers.filter(({ name }) => values.reader?.includes(name) ?? true);
  return { budget, chosen, help: values.help ?? false };
}

const COLUMNS = ['tried', 'read', 'rejected', 'findings', 'covered'] as const;

function line(tally: Tally): string {
  const cells = COLUMNS.map((column) =>
    String(column === 'findings' ? tally.findings.length : tally[column]).padStart(10),
  );
  return `${tally.reader.padEnd(14)}${cells.join('')}\n`;
}

/** Keeps the input, and says where. */
function keep({ reader, problem, input }: Finding): string {
  mkdirSync(findingsFolder, { recursive: true });
  const name = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const path = join(findingsFolder, `${reader}-${name}.bin`);
  writeFileSync(path, input);
  return `✗ ${reader}: ${problem}\n  ${relative(process.cwd(), path)} (${input.length} bytes)\n`;
}

async function main(args: readonly string[]): Promise<number> {
  const { budget, chosen, help: wanted } = parseArguments(args);
  if (wanted) {
    process.stdout.write(help);
    return 0;
  }
  process.stdout.write(
    `${'reader'.padEnd(14)}${COLUMNS.map((column) => column.padStart(10)).join('')}\n`,
  );
  let findings = 0;
  for (const reader of chosen) {
    const tally = await supervise(reader, budget, corpus);
    process.stdout.write(line(tally));
    for (const finding of tally.findings) process.stderr.write(keep(finding));
    findings += tally.findings.length;
  }
  return findings > 0 ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const misused = error instanceof Misuse || (error instanceof TypeError && 'code' in error);
  if (!misused) throw error;
  process.stderr.write(`✗ ${error.message}\nSee npm run fuzz -- --help.\n`);
  process.exitCode = 2;
}
