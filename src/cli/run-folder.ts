import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { LoadedPlan } from '../config/index.js';
import { presetNames } from '../config/presets.js';
import { describeDifferences, differences } from '../core/differences.js';
import { UsageError } from '../core/errors.js';
import { Lock } from '../core/lock.js';
import type { Plan } from '../plan/index.js';
import { laterSettings } from '../plan/settings-of-images.js';
import { RunDirectory } from '../run/directory.js';
import type { DatasetFacts } from '../run/manifest.js';
import { requireSameData } from '../run/same-data.js';
import { changesOf, type DirectoryOptions, type PlanOptions } from './options.js';

/** A configuration and the folder that its run is to have. */
export interface RunChoice extends LoadedPlan {
  readonly runs: string;
  readonly path: string;
  /** Whether the run goes on in a folder that it has already. */
  readonly goesOn: boolean;
}

/** Settings that say where code or the data is, or what to do about damage in it: what counts is what is found there. */
const placeSettings: readonly string[] = [
  'imports',
  'dataset.name',
  'dataset.path',
  'dataset.root',
  'dataset.onDamaged',
];

/**
 * What is to be run and where: a preset or file with a folder of its own, or a run's folder to go on in.
 * @throws UsageError for a bad configuration, a run that exists and is not to be resumed or replaced, or one that was
 *   begun with other settings, naming each.
 */
export async function chooseRun(
  source: string | undefined,
  options: PlanOptions & DirectoryOptions,
): Promise<RunChoice> {
  const { loadPlan } = await import('../config/index.js');
  const own = source !== undefined && !presetNames().includes(source) && isRunFolder(source);
  if (own) refuseContradictions(source, options);
  const loaded = loadPlan({
    ...(source !== undefined && { source: own ? join(source, 'config.yaml') : source }),
    ...changesOf(options),
  });
  const runs = own ? dirname(resolve(source)) : options.runs;
  const path = own ? resolve(source) : resolve(runs, loaded.plan.name);
  const { resume = false, replace = false, acceptChanges = false } = options;
  if (replace && resume) {
    throw new UsageError('--replace deletes what --resume goes on from; give one of the two');
  }
  const exists = isRunFolder(path);
  if (exists && !own && !resume && !replace) {
    throw new UsageError(
      `the run ${path} exists already; go on with it (--resume), choose another name with --name, or replace it with --replace`,
    );
  }
  const goesOn = exists && !replace;
  if (goesOn && !acceptChanges) {
    requireSameSettings(path, loadPlan({ source: join(path, 'config.yaml') }).plan, loaded.plan);
  }
  const name = basename(path);
  return { ...loaded, plan: { ...loaded.plan, name }, runs, path, goesOn };
}

/** Makes the folder of a run, or opens the one that it goes on in, and keeps other processes out of it. */
export function openRun(
  { runs, plan, path, goesOn }: RunChoice,
  { replace = false }: DirectoryOptions,
): { directory: RunDirectory; lock: Lock } {
  const { name } = plan;
  if (goesOn) return locked(RunDirectory.open({ runs, name }));
  // Not while another process writes it.
  if (replace && isRunFolder(path)) lockOf(path).release();
  return locked(RunDirectory.create({ runs, name, existing: replace ? 'replace' : 'refuse' }));
}

export function lockOf(path: string): Lock {
  return Lock.take(join(path, 'lock'));
}

export function isRunFolder(path: string): boolean {
  return existsSync(join(path, 'config.yaml'));
}

function locked(directory: RunDirectory): { directory: RunDirectory; lock: Lock } {
  return { directory, lock: lockOf(directory.path) };
}

/** Refuses to name anew, or to replace, the folder of a run or a comparison that is to go on. */
export function refuseContradictions(source: string, { name, replace }: RunChoiceOptions): void {
  const wrong = name !== undefined ? '--name' : replace ? '--replace' : undefined;
  if (wrong === undefined) return;
  throw new UsageError(
    `${source} is there already, and this goes on with it; ${wrong} is for a new one. Name its preset or file instead.`,
  );
}

type RunChoiceOptions = Pick<PlanOptions & DirectoryOptions, 'name' | 'replace'>;

/** Checks that a run goes on with the data that it was begun with, unless it is to accept another. */
export function requireBegunData(
  { path, goesOn, plan: { dataset } }: RunChoice,
  facts: DatasetFacts,
  { acceptChanges = false }: DirectoryOptions,
): void {
  if (!goesOn || acceptChanges) return;
  requireSameData(path, facts, {
    place: dataset.path ?? dataset.root ?? dataset.name!,
    remedy:
      'Put the data back as it was, name where it is now (--data <path>), begin anew (--replace, or --name), or have the run go on with what is there (--accept-changes); its images are then not those of a run that had it from the start.',
  });
}

function isLater(key: string): boolean {
  return (laterSettings as readonly string[]).includes(key.split('.')[0]!);
}

function requireSameSettings(path: string, was: Plan, now: Plan): void {
  const found = differences(was, now).filter(
    ({ key }) => !isLater(key) && !placeSettings.includes(key),
  );
  if (found.length === 0) return;
  throw new UsageError(
    `the run ${path} was begun with other settings:\n${describeDifferences(found)}\nGo on with its own (ncfm run ${path}), begin anew (--replace, or --name), or have it go on with these (--accept-changes); its images are then not those of a run that had them from the start.`,
  );
}
