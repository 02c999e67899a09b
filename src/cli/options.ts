import { type Command, InvalidArgumentError } from 'commander';
import type { PlanChanges } from '../config/index.js';

/** Options of the commands that resolve a configuration. */
export interface PlanOptions extends Omit<PlanChanges, 'overrides'>, OutputOptions {
  readonly set?: readonly string[];
  readonly minutes?: number;
}

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Where pretrained networks are kept between runs. */
export interface CacheOptions {
  readonly cache: string;
}

/** Where a run is written. */
export interface DirectoryOptions {
  readonly runs: string;
  readonly replace?: boolean;
  readonly resume?: boolean;
  readonly acceptChanges?: boolean;
}

export function addPlanOptions(command: Command): Command {
  return addSettingOptions(command).option(
    '--method <name>',
    'how to distil (see docs/methods.md); ncfm unless the configuration says',
  );
}

/** Those of `addPlanOptions` that are of no single method. */
function addSettingOptions(command: Command): Command {
  command
    .option(
      '--set <key=value>',
      'change one setting, for example distill.alpha=0.3 (repeatable)',
      collect,
    )
    .option('--data <name or path>', 'a dataset (see ncfm data list), or a folder or file of yours')
    .option('--ipc <number>', 'images per class', positiveNumber)
    .option('--seed <number>', 'seed of everything random', wholeNumber)
    .option('--repeats <number>', 'distillations, each from a seed of its own', positiveNumber);
  return addEngineOptions(command);
}

/** On what, and how, it is computed. */
function addEngineOptions(command: Command): Command {
  return command
    .option('--threads <number>', 'threads of the engine, or auto: the physical cores', threadCount)
    .option('--device <name>', 'cpu, cuda or cuda:<number>')
    .option('--memory <size>', 'memory to stay under, such as 2GB or 1.5GiB, or auto: no limit');
}

/** What a run takes whose settings are to be what they are. */
export function addRepeatOptions(command: Command, examples: readonly string[]): Command {
  addEngineOptions(command);
  addPlaceOptions(command);
  addCacheOption(command);
  return addExamples(addOutputOptions(command), examples);
}

/** What the commands that write a run take: a configuration or a run to go on with, and how to change it. */
export function addRunOptions(
  command: Command,
  examples: readonly string[],
  { method = true }: { readonly method?: boolean } = {},
): Command {
  command.argument(
    '[config]',
    "a preset (see ncfm presets), a YAML file, or a run's folder to go on with; own-data with --data alone",
  );
  (method ? addPlanOptions : addSettingOptions)(command);
  addDirectoryOptions(command);
  addCacheOption(command);
  return addExamples(addOutputOptions(command), examples);
}

/** What the commands that compute, and write no run of their own, take. */
export type ComputeOptions = PlanOptions & CacheOptions;

export function addComputeOptions(command: Command, examples: readonly string[]): Command {
  addPlanOptions(command);
  addCacheOption(command);
  return addExamples(addOutputOptions(command), examples);
}

export function addExamples(command: Command, examples: readonly string[]): Command {
  const heading = examples.length === 1 ? 'Example' : 'Examples';
  const lines = examples.map((line) => `  ${line}`).join('\n');
  return command.addHelpText('after', `\n${heading}:\n${lines}`);
}

/** For the commands that can choose how much to do. */
export function addTimeOption(command: Command): Command {
  return command.option(
    '--minutes <number>',
    'choose the width of networks and the length of each stage so that the run takes so long here; what --set says of them stays',
    positiveAmount,
  );
}

function addDirectoryOptions(command: Command): Command {
  command.option('--name <name>', "the run's name (default: that of the configuration)");
  return addPlaceOptions(command);
}

function addPlaceOptions(command: Command): Command {
  return command
    .option('--runs <folder>', 'folder that holds the runs', 'runs')
    .option('--replace', 'delete an earlier run of the same name')
    .option('--resume', 'go on with an earlier run of the same name, if there is one')
    .option('--accept-changes', 'go on even where settings or versions have changed since');
}

export function addCacheOption(command: Command): Command {
  return command.option('--cache <folder>', 'folder that keeps pretrained networks', '.cache');
}

export function addOutputOptions(command: Command): Command {
  return addJsonOption(command).option('--quiet', 'show no progress');
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'write the result as one JSON object to standard output');
}

/** What of the options changes the configuration. */
export function changesOf(options: PlanOptions): PlanChanges {
  const { set, data, ipc, method, seed, repeats, threads, device, memory, name } = options;
  const changes = {
    overrides: set,
    data,
    ipc,
    method,
    seed,
    repeats,
    threads,
    device,
    memory,
    name,
  };
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** Reads a list of names of something: `networks`. */
export function namesOf(what: string): (text: string) => readonly string[] {
  return (text) => {
    const parts = text.split(',').map((part) => part.trim());
    if (parts.every((part) => part !== '')) return parts;
    throw new InvalidArgumentError(`Expected names of ${what}, separated by commas.`);
  };
}

function wholeNumber(text: string): number {
  return integerFrom(0, text, 'Expected an integer from 0.');
}

export function positiveNumber(text: string): number {
  return integerFrom(1, text, 'Expected an integer from 1.');
}

function positiveAmount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

function threadCount(text: string): number | 'auto' {
  return text === 'auto' ? text : integerFrom(1, text, 'Expected an integer from 1, or auto.');
}

function integerFrom(least: number, text: string, error: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(error);
}
