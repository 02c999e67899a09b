import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, nearest, UsageError } from '../core/errors.js';
import type { Lock } from '../core/lock.js';
import { RunDirectory } from '../run/directory.js';
import { changesOf, type DirectoryOptions, type PlanOptions } from './options.js';
import {
  chooseRun,
  isRunFolder,
  lockOf,
  type RunChoice,
  refuseContradictions,
} from './run-folder.js';

export interface ComparisonOptions extends Omit<PlanOptions, 'method'>, DirectoryOptions {
  /** Names of methods. */
  readonly methods?: readonly string[];
}

/** The runs of a comparison, one for each method, and the folder that holds them. */
export interface ComparisonChoice {
  readonly path: string;
  readonly goesOn: boolean;
  readonly runs: readonly RunChoice[];
}

const resultFile = 'comparison.json';

/**
 * What is to be compared and where: a preset or file with a folder of its own, or a comparison's folder to go on in.
 * @throws UsageError for a bad configuration, methods that do not exist, or settings that are wrong for some of them, each
 *   with the method's name
 */
export async function chooseComparison(
  source: string | undefined,
  options: ComparisonOptions,
): Promise<ComparisonChoice> {
  if (source !== undefined && existsSync(join(source, resultFile))) {
    refuseContradictions(source, options);
    const path = resolve(source);
    const methods = storedMethods(path, options.methods);
    const runs = await forEachMethod(methods, (method) => chooseRun(join(path, method), options));
    return { path, goesOn: true, runs };
  }
  const { loadPlan } = await import('../config/index.js');
  const request = { ...(source !== undefined && { source }), ...changesOf(options) };
  const methods = await methodsToRun(options.methods, () => loadPlan(request));
  const loaded = await forEachMethod(methods, (method) => loadPlan({ ...request, method }));
  const path = resolve(options.runs, options.name ?? `${loaded[0]!.plan.name}-compare`);
  const exists = existsSync(join(path, resultFile));
  const { resume = false, replace = false } = options;
  if (exists && !resume && !replace) {
    throw new UsageError(
      `the comparison ${path} exists already; go on with it (--resume), choose another name with --name, or replace it with --replace`,
    );
  }
  const runs = await forEachMethod(methods, (method) =>
    chooseRun(source, { ...options, method, name: method, runs: path }),
  );
  return { path, goesOn: exists && !replace, runs };
}

/** The methods that a comparison has unless others are named: all but those that train many networks for hours first. */
async function methodsToRun(
  named: readonly string[] | undefined,
  load: () => unknown,
): Promise<readonly string[]> {
  const { methodNames, methodOf } = await import('../methods/registry.js');
  try {
    // The methods that the configuration imports are known from then on.
    load();
  } catch (error) {
    // What is wrong is told of the methods that are compared.
    if (!(error instanceof UsageError)) throw error;
  }
  const known = methodNames();
  if (named === undefined) {
    return known.filter((name) => methodOf(name).material !== 'trajectories');
  }
  const wrong = named.filter((name) => !known.includes(name));
  const problems = wrong.map((name) => {
    const near = nearest(name, known);
    return `--methods: there is no method ${name}; ${near === undefined ? `expected ${known.join(', ')}` : `did you mean ${near}?`}`;
  });
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return [...new Set(named)];
}

/** Those of a comparison that is there. */
function storedMethods(path: string, named: readonly string[] | undefined): readonly string[] {
  const file = join(path, resultFile);
  let methods: readonly string[];
  try {
    methods = (JSON.parse(readFileSync(file, 'utf8')) as { methods: readonly string[] }).methods;
  } catch (cause) {
    throw new UsageError(`${file} cannot be read (${messageOf(cause)})`, { cause });
  }
  const other = named?.find((name) => !isRunFolder(join(path, name)));
  if (other !== undefined) {
    throw new UsageError(
      `--methods: ${path} has no run of ${other}, but of ${methods.join(', ')}; to add one, name the comparison's preset or file, with --resume`,
    );
  }
  return named ?? methods;
}

/** Something of every method. Throws UsageError that lists the problems of all of them, once where it is the same. */
async function forEachMethod<T>(
  methods: readonly string[],
  choose: (method: string) => T | Promise<T>,
): Promise<T[]> {
  const runs: T[] = [];
  const problems: { readonly method: string; readonly message: string }[] = [];
  for (const method of methods) {
    try {
      runs.push(await choose(method));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push({ method, message: error.message });
    }
  }
  if (problems.length === 0) return runs;
  const messages = new Set(problems.map(({ message }) => message));
  if (messages.size === 1 && problems.length === methods.length) {
    throw new UsageError(problems[0]!.message);
  }
  const lines = problems.flatMap(({ method, message }) =>
    message.split('\n').map((line) => `${method}: ${line}`),
  );
  throw new UsageError(lines.join('\n'));
}

/** Makes or opens the folder of a comparison, and keeps other processes out of it. */
export function openComparison(
  { path, goesOn }: Pick<ComparisonChoice, 'path' | 'goesOn'>,
  { replace = false }: DirectoryOptions,
): { readonly directory: RunDirectory; readonly lock: Lock } {
  const place = { runs: dirname(path), name: basename(path) };
  // Not while another process writes it.
  if (replace && existsSync(path)) lockOf(path).release();
  const directory = goesOn
    ? RunDirectory.open(place)
    : RunDirectory.create({ ...place, existing: replace ? 'replace' : 'refuse' });
  return { directory, lock: lockOf(path) };
}
