import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { writeFileAtomic } from '../../core/files.js';
import type { CheckedMethods, MethodComparison } from '../../pipeline/index.js';
import { planYaml } from '../../plan/plan-yaml.js';
import { methodsDocument, methodsTable } from '../../terminal/methods-table.js';
import {
  type ComparisonChoice,
  type ComparisonOptions,
  chooseComparison,
  openComparison,
} from '../comparison-folder.js';
import type { Invocation } from '../invocation.js';
import { addRunOptions, type CacheOptions, namesOf, positiveNumber } from '../options.js';
import { openRun, requireBegunData } from '../run-folder.js';
import { writeRunReport } from '../run-report.js';
import { watch } from '../watch.js';

type CompareOptions = ComparisonOptions & CacheOptions;

export function addCompareCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('compare')
    .summary('several methods under one evaluation, in one table')
    .description(
      'Runs several methods on the same data, seed and student, each in a directory of its own (runs/<name>-compare/<method>) ' +
        'that is a run like any other. Prints accuracies, seconds and memory beside those of random real images. A ' +
        'method that fails leaves the others to go on. What differs for a method is said in the configuration under ' +
        'methods.<name>, or with --set methods.<name>.distill.<key>=<value>.',
    )
    .option(
      '--methods <names>',
      'separated by commas (default: all but those that are pretrained for trajectories)',
      namesOf('methods'),
    );
  command.option(
    '--seconds <number>',
    'the same seconds of pretraining and distilling for every method: as many iterations as fit into them here',
    positiveNumber,
  );
  addRunOptions(
    command,
    [
      'ncfm compare digits',
      'ncfm compare fashion-ipc10 --methods ncfm,dm --repeats 3',
      'ncfm compare fashion-ipc10 --seconds 120 --name two-minutes',
      'ncfm compare runs/digits-compare',
    ],
    { method: false },
  ).action(async (config: string | undefined, options: CompareOptions) => {
    const comparison = await runComparison(invocation, config, options);
    const { directory, rows } = comparison;
    writeFileAtomic(join(directory, 'comparison.md'), methodsDocument(comparison));
    await writeRunReport(invocation, directory);
    invocation.print(comparison, methodsTable(comparison), options);
    const chart = join(directory, 'compare.svg');
    invocation.tell(`chart   ${relative('', chart) || chart}\n`, options);
    if (rows.some((row) => 'error' in row)) invocation.exitCode = 1;
  });
}

async function runComparison(
  invocation: Invocation,
  source: string | undefined,
  options: CompareOptions,
): Promise<MethodComparison> {
  const { checkMethods, datasetFacts } = await import('../../pipeline/index.js');
  const choice = await chooseComparison(source, options);
  const plans = choice.runs.map(({ plan }) => plan);
  const checked = await watch(invocation, options, (watched) =>
    checkMethods(plans, { cache: options.cache, ...watched }),
  );
  for (const run of choice.runs) requireBegunData(run, datasetFacts(checked.data), options);
  try {
    return await inFolder(invocation, choice, checked, options);
  } catch (error) {
    invocation.advise(
      `What is done is kept. To go on: ncfm compare ${relative('', choice.path) || choice.path}`,
    );
    throw error;
  }
}

async function inFolder(
  invocation: Invocation,
  choice: ComparisonChoice,
  { data, methods }: CheckedMethods,
  options: CompareOptions,
): Promise<MethodComparison> {
  const { compareMethods, recordRun } = await import('../../pipeline/index.js');
  const { cache, acceptChanges = false } = options;
  const { directory, lock } = openComparison(choice, options);
  const locks = [lock];
  try {
    const runs = methods.map((method, index) => {
      const opened = openRun(choice.runs[index]!, options);
      locks.push(opened.lock);
      opened.directory.writeConfig(planYaml(method.plan));
      return { ...method, directory: opened.directory };
    });
    return await watch(invocation, options, ({ onEvent: onLifecycle, signal }) => {
      const run = {
        task: 'compare',
        plan: methods[0]!.plan,
        methods: methods.map(({ plan }) => plan.distill.method),
        classNames: data.train.classNames,
        directory,
        signal,
      } as const;
      return recordRun({ ...run, onEvent: onLifecycle, onLifecycle }, (onEvent) =>
        compareMethods({
          directory,
          data,
          secondsEach: choice.secondsEach,
          methods: runs,
          cache,
          acceptChanges,
          onEvent,
          signal,
        }),
      );
    });
  } finally {
    for (const held of locks) held.release();
  }
}
