import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { LoadedPlan } from '../config/index.js';
import { presetNames } from '../config/presets.js';
import { describeDifferences, differences } from '../core/differences.js';
import { UsageError } from '../core/errors.js';
import { Lock } from '../core/lock.js';
import type { Plan } from '../plan/index.js';
import { RunDirectory, readManifest } from '../run/directory.js';
import type { DatasetFacts } from '../run/manifest.js';
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

/** Settings that nothing already computed depends on: a run that goes on may have others. */
const laterSettings: readonly string[] = [
  'name',
  'repeats',
  'snapshotEvery',
  'checkpoint',
  'student',
  'evaluate',
  'wholeData',
  'search',
  'continual',
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

/** Keeps other processes out of a run's folder until it is released. */
export function lockOf(path: string): Lock {
  return Lock.take(join(path, 'lock'));
}

/** Whether a path is a run's folder. */
export function isRunFolder(path: string): boolean {
  return existsSync(join(path, 'config.yaml'));
}

function locked(directory: RunDirectory): { directory: RunDirectory; lock: Lock } {
  return { directory, lock: lockOf(directory.path) };
}

function refuseContradictions(source: string, { name, replace }: RunChoiceOptions): void {
  const wrong = name !== undefined ? '--name' : replace ? '--replace' : undefined;
  if (wrong === undefined) return;
  throw new UsageError(
    `${source} is a run, which this goes on with; ${wrong} is for a new one. Name its preset or file instead.`,
  );
}

type RunChoiceOptions = Pick<PlanOptions & DirectoryOptions, 'name' | 'replace'>;

/**
 * Checks that a run goes on with the data that it was begun with, wherever that is now. A run that was stopped before it
 * had opened its data has none.
 *
 * @param facts of the data that is there, see `datasetFacts`.
 * @throws UsageError saying which part is another.
 */
export function requireSameData(
  { path, goesOn, plan: { dataset } }: RunChoice,
  facts: DatasetFacts,
  { acceptChanges = false }: DirectoryOptions,
): void {
  const begun = goesOn && !acceptChanges ? readManifest(path)?.dataset : undefined;
  if (begun === undefined) return;
  const { hashes, normalization = facts.normalization } = begun;
  const was = { ...hashes, normalization };
  const now: Record<string, unknown> = { ...facts.hashes, normalization: facts.normalization };
  const changed = Object.entries(was)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(now[key]))
    .map(([key]) => (key === 'normalization' ? 'their normalisation' : `the ${key} images`));
  if (changed.length === 0) return;
  throw new UsageError(
    `the run ${path} was begun with other data than is in ${dataset.path ?? dataset.root ?? dataset.name}: ${changed.join(' and ')} differ (by SHA-256; its manifest.json has them). Put the data back as it was, name where it is now (--data <path>), begin anew (--replace, or --name), or have the run go on with what is there (--accept-changes); its images are then not those of a run that had it from the start.`,
  );
}

function requireSameSettings(path: string, was: Plan, now: Plan): void {
  const found = differences(was, now).filter(
    ({ key }) => !laterSettings.includes(key.split('.')[0]!) && !placeSettings.includes(key),
  );
  if (found.length === 0) return;
  throw new UsageError(
    `the run ${path} was begun with other settings:\n${describeDifferences(found)}\nGo on with its own (ncfm run ${path}), begin anew (--replace, or --name), or have it go on with these (--accept-changes); its images are then not those of a run that had them from the start.`,
  );
}
