import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, nearest, UsageError } from '../core/errors.js';
import type { Lock } from '../core/lock.js';
import type { MethodComparison } from '../pipeline/method-comparison.js';
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
  /** Of pretraining and distilling, for each method. */
  readonly seconds?: number;
}

/** The runs of a comparison, one for each method, and the folder that holds them. */
export interface ComparisonChoice {
  readonly path: string;
  readonly goesOn: boolean;
  /** For which the iterations of each method are chosen, or were when it was begun. */
  readonly secondsEach?: number | undefined;
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
    if (options.seconds !== undefined) {
      throw new UsageError(
        `--seconds: ${source} is there already, and the iterations of its methods with it; it is for a new comparison. Name its preset or file instead, with another --name.`,
      );
    }
    const { methods, secondsEach } = storedChoice(path, options.methods);
    const runs = await forEachMethod(methods, (method) => chooseRun(join(path, method), options));
    return { path, goesOn: true, secondsEach, runs };
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
  const goesOn = exists && !replace;
  const { seconds: secondsEach } = options;
  const earlier = goesOn ? storedChoice(path).secondsEach : secondsEach;
  if (earlier !== secondsEach) {
    throw new UsageError(
      `the comparison ${path} was begun ${earlier === undefined ? 'without --seconds' : `with --seconds ${earlier}`}; go on with the same, or choose another name with --name`,
    );
  }
  const runs = await forEachMethod(methods, (method) => {
    const own = join(path, method);
    // Begun already with the iterations that were chosen for it.
    return goesOn && secondsEach !== undefined && isRunFolder(own)
      ? chooseRun(own, options)
      : chooseRun(source, { ...options, method, name: method, runs: path });
  });
  return { path, goesOn, secondsEach, runs };
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

type StoredChoice = Pick<MethodComparison, 'methods' | 'secondsEach'>;

/** What a comparison that is there was begun with; of its methods those that are named. */
function storedChoice(path: string, named?: readonly string[]): StoredChoice {
  const file = join(path, resultFile);
  let stored: StoredChoice;
  try {
    stored = JSON.parse(readFileSync(file, 'utf8')) as StoredChoice;
  } catch (cause) {
    throw new UsageError(`${file} cannot be read (${messageOf(cause)})`, { cause });
  }
  const other = named?.find((name) => !isRunFolder(join(path, name)));
  if (other !== undefined) {
    throw new UsageError(
      `--methods: ${path} has no run of ${other}, but of ${stored.methods.join(', ')}; to add one, name the comparison's preset or file, with --resume`,
    );
  }
  return { ...stored, methods: named ?? stored.methods };
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
  const ofSome =
    problems.length < methods.length && lines.some((line) => line.includes('--set distill.'));
  throw new UsageError(
    [
      ...lines,
      ...(ofSome
        ? ['Of one method alone say it with --set methods.<name>.distill.<key>=<value>.']
        : []),
    ].join('\n'),
  );
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
