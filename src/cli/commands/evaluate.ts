import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../core/errors.js';
import { readLaunch } from '../../distributed/launch.js';
import type { ModelOptions } from '../../models/index.js';
import type { PipelineRequest, SetRequest } from '../../pipeline/index.js';
import { RunDirectory } from '../../run/directory.js';
import { resolvePlan } from '../execute.js';
import { withGroup } from '../group-run.js';
import type { Invocation } from '../invocation.js';
import { addComputeOptions, type ComputeOptions, namesOf } from '../options.js';
import { isRunFolder, lockOf } from '../run-folder.js';
import { writeRunReport } from '../run-report.js';
import { printResults } from '../summary.js';
import { watch } from '../watch.js';
import { type ForeignOptions, onForeignSet } from './evaluate/foreign.js';
import { architectureTable, rankingTable } from './evaluate/tables.js';

interface EvaluateOptions extends ForeignOptions {
  readonly models?: readonly string[];
  readonly wholeData?: boolean;
  readonly ranking?: boolean;
}

/** `ncfm evaluate`: the evaluation of a run that has been distilled, once more or otherwise. */
export function addEvaluateCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('evaluate')
    .summary('evaluate a distilled set')
    .description(
      "Trains fresh networks on a run's distilled set and on its controls, as its configuration says or as the options " +
        "change it. Prints their accuracies and replaces the run's results. An export of a run, or a distilled set of another " +
        'project (.pt, .npz, .safetensors, .parquet, a folder of class folders), is tested on the data that --data names.',
    )
    .argument('<set>', 'a run directory, for example runs/digits, or a set of another project')
    .option(
      '--models <names>',
      'networks of other architectures instead, separated by commas: convnet,alexnet,vgg11,resnet18',
      namesOf('networks'),
    )
    .option('--whole-data', 'train networks on all real images too, unless that was done before')
    .option('--ranking', 'the scores of DD-Ranking instead: label-robust and augmentation-robust')
    .option('--config <name>', "another project's set: a preset or YAML file with the settings")
    .option('--factor <number>', "another project's set: tiles per side of an image", wholeFactor)
    .option('--normalized', "another project's set: its images are normalised, as its data's are");
  addComputeOptions(command, [
    'ncfm evaluate runs/digits --set evaluate.seeds=10',
    'ncfm evaluate runs/digits --models convnet,mlp,lenet',
    'ncfm evaluate runs/digits --ranking',
    'ncfm evaluate data.pt --data fashion-mnist --config fashion-quick --factor 2',
  ]).action((run: string, options: EvaluateOptions) => evaluateCommand(invocation, run, options));
}

async function evaluateCommand(
  invocation: Invocation,
  path: string,
  options: EvaluateOptions,
): Promise<void> {
  const tasks = await import('../../pipeline/index.js');
  const { labelOf } = await import('../../evaluate/index.js');
  const { models, ranking, wholeData = false } = options;
  // What is there and is no run is a set of another project.
  const isForeign = existsSync(path) && !isRunFolder(path);
  if (isForeign && readLaunch() !== undefined) {
    throw new UsageError(
      `${path} is a set of another project, which several processes do not evaluate together; start ncfm evaluate as one, without the launcher`,
    );
  }
  const onSet = isForeign ? onForeignSet : onRun;
  const on = <T>(task: (request: SetRequest) => Promise<T>) =>
    onSet(invocation, path, options, task);
  if (models !== undefined) {
    const chosen = await modelsOf(models);
    const result = await on((request) => tasks.evaluateArchitectures(request, chosen));
    invocation.print(result, architectureTable(result, labelOf), options);
  } else if (ranking) {
    const result = await on(tasks.rank);
    invocation.print(result, rankingTable(result), options);
  } else {
    const results = await on<Parameters<typeof printResults>[1]>((request) =>
      'directory' in request
        ? tasks.evaluateRepeats(request, (each) => tasks.evaluateSet(each, { wholeData }))
        : tasks.evaluateSet(request, { wholeData }),
    );
    printResults(invocation, results, options);
  }
}

/** Runs a task on a finished run, whose configuration the options change. */
export async function onRun<T>(
  invocation: Invocation,
  run: string,
  options: ComputeOptions,
  task: (request: PipelineRequest) => Promise<T>,
  kind: 'evaluate' | 'label' = 'evaluate',
): Promise<T> {
  const { recordRun } = await import('../../pipeline/index.js');
  const path = resolve(run);
  const directory = RunDirectory.open({ runs: dirname(path), name: basename(path) });
  const { plan } = await resolvePlan(join(run, 'config.yaml'), options);
  const { cache } = options;
  return await withGroup(invocation, cache, async (group) => {
    const request = { plan, directory, cache, group };
    if (group !== undefined && !group.isFirst) {
      return await watch(invocation, options, (watched) => task({ ...request, ...watched }));
    }
    using _lock = lockOf(directory.path);
    const result = await watch(invocation, options, ({ onEvent: onLifecycle, signal }) => {
      const recorded = { task: kind, plan, directory, onEvent: onLifecycle, onLifecycle, signal };
      return recordRun(recorded, (onEvent) => task({ ...request, onEvent, signal }));
    });
    await writeRunReport(invocation, directory.path);
    return result;
  });
}

async function modelsOf(shortNames: readonly string[]): Promise<ModelOptions[]> {
  const { modelOf } = await import('../../models/index.js');
  return shortNames.map(modelOf);
}

function wholeFactor(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value;
  throw new InvalidArgumentError('Expected an integer from 1 to 64.');
}
