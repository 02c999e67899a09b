import { parseArgs } from 'node:util';
import { setThreads, tuneProcess } from 'ncfm';
import { physicalCores } from 'ncfm/tensor';
import { Store } from '../accuracy/store.js';
import { BenchError, runProgram } from '../errors.js';
import { type Outcome, type RunOptions, runVariant } from './run-variant.js';
import { readStudy, type Study } from './study.js';
import { studyTable } from './study-table.js';

const help = `Usage: npm run study -- <study.yaml> [options]

Distils and evaluates every variant of a study with every seed and prints the table. What is
done is kept, so that an interrupted study goes on where it stopped.

  --data <data>    other data than those of the study's base: a name or a folder
  --out <folder>   folder of results (default: runs/studies)
  --threads <n>    threads of the engine (default: the physical cores)
  --help           shows this text
`;

/** `npm run study`: the table on standard output, progress on standard error. */
await runProgram(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      out: { type: 'string', default: 'runs/studies' },
      threads: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new BenchError('name one study; see --help');
  const threads = Number(values.threads ?? physicalCores());
  if (!Number.isInteger(threads) || threads < 1) throw new BenchError('--threads is from 1');
  tuneProcess();
  setThreads(threads);
  const study = readStudy(path);
  const { data } = values;
  const store = new Store(`${values.out}/${study.name}`);
  const outcomes = await runAll(study, store, { threads, cache: '.cache', ...(data && { data }) });
  process.stdout.write(studyTable(study, outcomes));
  return 0;
});

/** Every variant with every seed, seed by seed, so that a study that is cut short is still balanced. */
async function runAll(study: Study, store: Store, options: RunOptions): Promise<Outcome[]> {
  const { cache: _, ...given } = options;
  const outcomes: Outcome[] = [];
  for (const seed of study.seeds) {
    for (const [index, variant] of study.variants.entries()) {
      const name = `${variant.name.replaceAll(/[^A-Za-z0-9.]+/g, '-')}-${seed}`;
      const settings = { base: study.base, set: study.set, variant, seed, ...given };
      let outcome = store.read<Outcome>(name, settings);
      if (outcome === undefined) {
        outcome = await runVariant(study, variant, seed, options);
        store.write(name, settings, outcome);
      }
      outcomes.push(outcome);
      const { mean, std } = outcome.accuracy;
      const done = `${index + 1}/${study.variants.length}`;
      process.stderr.write(
        `· seed ${seed}, ${done} ${variant.name}: ${mean.toFixed(2)} ± ${std?.toFixed(2) ?? '?'}, ${outcome.distillSeconds.toFixed(0)} s\n`,
      );
    }
  }
  return outcomes;
}
