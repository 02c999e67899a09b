import { type Definition, Definitions } from '../core/definitions.js';
import type { Dataset } from './dataset/dataset.js';
import { imageNetSubsetNames } from './readers/imagenet-classes.js';

const read = [
  'digits',
  'mnist',
  'fashion-mnist',
  'cifar-10',
  'cifar-100',
  'svhn',
  'tiny-imagenet',
  ...imageNetSubsetNames,
] as const;

export type DatasetName = (typeof read)[number];

/** The names of the datasets that ncfm reads. */
export const datasetNames: readonly string[] = read;

/** What a dataset of one's own is asked for: what a configuration's `dataset` says of it. */
export interface OwnDatasetOptions {
  readonly root?: string | undefined;
  readonly labels?: 'fine' | 'coarse' | undefined;
  readonly size?: number | 'auto';
  readonly channels?: 1 | 3 | 'auto';
}

/** Labelled images, all of them, or in two parts; without a test part a share of each class is held out for it. */
export type OwnDataset = Dataset | { readonly train: Dataset; readonly test?: Dataset | undefined };

/** A dataset of one's own that has been defined; see `defineDataset`. */
export interface DatasetDefinition extends Definition {
  readonly open: (options: OwnDatasetOptions) => Promise<OwnDataset> | OwnDataset;
}

const definitions = new Definitions<DatasetDefinition>('dataset', isKnownDataset);

/**
 * Makes a dataset of one's own known by a name, so that configurations and `loadDataset` can have it like ncfm's. What is
 * computed from it is found again by its images and labels, whatever the code is that gives them.
 *
 * @param open gives the images; called at each use
 * @throws UsageError for a name that is not allowed or taken
 */
export function defineDataset(
  name: string,
  open: DatasetDefinition['open'],
  { module }: { readonly module?: string } = {},
): DatasetDefinition {
  return definitions.add({ name, open, module });
}

/** The datasets that `defineDataset` has made known. */
export const ownDatasets: Pick<Definitions<DatasetDefinition>, 'find' | 'isFrom'> = definitions;

/** The names that a dataset can be opened by: ncfm's, and those that `defineDataset` has made known. */
export function knownDatasets(): readonly string[] {
  return [...datasetNames, ...definitions.names];
}

/** Whether ncfm reads a dataset of this name. */
export function isKnownDataset(name: string): name is DatasetName {
  return datasetNames.includes(name);
}
