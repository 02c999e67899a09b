import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inWords } from '../../core/in-words.js';
import type { NearestImages } from '../../pipeline/nearest-images.js';
import type {
  ChartView,
  FigureView,
  NearestView,
  NextStep,
  RunSummary,
  RunView,
  SnapshotView,
} from '../view.js';
import { type Configuration, provenanceOf, readConfiguration, settingsOf } from './facts.js';
import { readJson } from './json-file.js';
import type { LogState } from './log-state.js';
import {
  accuracyOf,
  architecturesOf,
  methodRowsOf,
  type ResultFiles,
  readResults,
  setsOf,
} from './results.js';
import type { Series } from './series.js';
import { stateOf } from './state.js';

/** A run: what it is called, where it is, and what its log has come to. */
export interface RunSource {
  /** Its folder's path from that of the runs. */
  readonly name: string;
  readonly folder: string;
  readonly log: LogState;
}

/** Makes addresses of a run's pictures. */
export interface Addresses {
  readonly snapshots: (source: RunSource) => Promise<readonly SnapshotView[]>;
  /** Of the nearest real images, laid out as told. */
  readonly nearest: (source: RunSource, images: NearestImages) => Promise<NearestView | undefined>;
  readonly figure: (source: RunSource, file: string) => Promise<string>;
}

/** All that is shown of a run, from its log, its configuration and its results. */
export async function viewOf(source: RunSource, addresses: Addresses): Promise<RunView> {
  const { folder, log, name } = source;
  const configuration = await readConfiguration(folder, log.start);
  const results = await readResults(folder);
  const summary = summaryOf(source, configuration, results);
  const nearest = await nearestOf(source, addresses);
  return {
    ...summary,
    classes: log.start?.classes ?? (await classesOf(folder)),
    factor: configuration.distill?.formation?.factor ?? 1,
    snapshots: await addresses.snapshots(source),
    ...(nearest && { nearest }),
    curves: curvesOf(log),
    training: trainingOf(log),
    system: systemOf(log),
    sets: liveSets(setsOf(results), log),
    ...(results.results && { evaluatedOn: results.results.evaluatedOn }),
    architectures: architecturesOf(results),
    methodRows: methodRowsOf(results),
    figures: await figuresOf(source, addresses),
    stages: Object.entries(log.stages.stages).map(([stage, figures]) => ({
      name: stage,
      ...figures,
    })),
    settings: settingsOf(configuration),
    provenance: provenanceOf(folder, log.start),
    notes: log.notes,
    next: nextSteps(summary, name),
    members: await membersOf(source),
  };
}

export function summaryOf(
  { name, folder, log }: RunSource,
  configuration: Configuration,
  { results, repeats }: Pick<ResultFiles, 'results' | 'repeats'>,
): RunSummary {
  const { dataset, distill } = configuration;
  const { start, end, progress, began, told } = log;
  const accuracy = repeats?.accuracy.distilled ?? results?.accuracy.distilled;
  const data = results?.dataset ?? dataset?.name ?? (dataset?.path && basename(dataset.path));
  const methods = start?.methods.map(({ title }) => title) ?? [distill?.method ?? ''];
  const live = evaluatesOwnSet(log) ? log.evaluated.get('distilled') : undefined;
  const found = accuracy ?? live;
  const state = stateOf(folder, log);
  return {
    name,
    task: start?.task ?? 'run',
    state,
    ...(end !== undefined && 'message' in end && { message: end.message }),
    methods: methods.filter((method) => method !== ''),
    ...(data !== undefined && { dataset: data }),
    ...(distill?.imagesPerClass !== undefined && { imagesPerClass: distill.imagesPerClass }),
    ...(progress && state !== 'done' && { progress }),
    ...(found && { accuracy: accuracyOf(found) }),
    ...(began !== undefined && { began }),
    ...(told !== undefined && { told }),
  };
}

/** What a search, or a step of continual learning, evaluates on its way says nothing of the whole. */
function evaluatesOwnSet({ start }: LogState): boolean {
  return start?.task !== 'search' && start?.task !== 'continual';
}

/** Results are written at the end: until then sets have the accuracies of the networks tested so far. */
function liveSets(stored: RunView['sets'], log: LogState): RunView['sets'] {
  if (stored.length > 0 || !evaluatesOwnSet(log)) return stored;
  return [...log.seedAccuracies].flatMap(([name, seeds]) => {
    const trainings = [...seeds.values()];
    if (trainings.length === 0) return [];
    const mean = trainings.reduce((sum, value) => sum + value, 0) / trainings.length;
    const figures = log.evaluated.get(name) ?? { mean, std: null, n: trainings.length };
    return { name, ...accuracyOf(figures), trainings, over: 'networks so far' };
  });
}

function curvesOf({ start, loss, terms, learningRate }: LogState): ChartView[] {
  const title = start?.methods[0]?.loss ?? 'loss';
  const chart = (name: string, series: Series): ChartView[] => {
    const points = series.points;
    if (points.length < 2) return [];
    return [{ title: name, xLabel: 'iteration', yLabel: name, series: [{ name, points }] }];
  };
  return [
    ...chart(title, loss),
    ...[...terms].flatMap(([name, series]) => chart(inWords(name), series)),
    ...chart('learning rate', learningRate),
  ];
}

/** Networks of a pool whose training is shown at most, the first ones. */
const mostNetworks = 7;

function trainingOf({ pretraining, evaluating }: LogState): ChartView[] {
  const networks = [...pretraining].slice(0, mostNetworks);
  const charts = [
    {
      title: 'Pretraining: loss',
      xLabel: 'epoch',
      yLabel: 'cross-entropy (nats)',
      series: networks.map(([name, { loss }]) => ({ name, points: loss.points })),
    },
    {
      title: 'Pretraining: accuracy',
      xLabel: 'epoch',
      yLabel: 'accuracy on the training images (%)',
      series: networks.map(([name, { accuracy }]) => ({ name, points: accuracy.points })),
    },
    {
      title: 'Evaluation: loss of the first network',
      xLabel: 'step',
      yLabel: 'cross-entropy (nats)',
      series: [...evaluating]
        .slice(0, mostNetworks)
        .map(([name, series]) => ({ name, points: series.points })),
    },
  ];
  return charts.filter(({ series }) => series.some(({ points }) => points.length > 1));
}

function systemOf({ memory, cpu }: LogState): ChartView[] {
  const inGigabytes = memory.points.map(
    ([x, mean, low, high]) => [x, mean / 1e9, low / 1e9, high / 1e9] as const,
  );
  const charts = [
    { title: 'Memory', yLabel: 'resident (GB)', points: inGigabytes },
    { title: 'Processors', yLabel: 'kept busy', points: cpu.points },
  ];
  return charts
    .filter(({ points }) => points.length > 1)
    .map(({ title, yLabel, points }) => ({
      title,
      xLabel: 'seconds at work',
      yLabel,
      series: [{ name: title, points }],
    }));
}

async function nearestOf(
  source: RunSource,
  { nearest }: Addresses,
): Promise<NearestView | undefined> {
  const told = await readJson<NearestImages>(join(source.folder, 'nearest.json'));
  return told?.formatVersion === 1 ? await nearest(source, told) : undefined;
}

/** What else a run has drawn: files and their titles. */
export const figureFiles = {
  'compare.svg': 'Methods',
  'search.svg': 'Search',
  'continual.svg': 'Continual',
};

async function figuresOf(source: RunSource, { figure }: Addresses): Promise<FigureView[]> {
  const drawn = Object.entries(figureFiles).filter(([file]) =>
    existsSync(join(source.folder, file)),
  );
  return await Promise.all(
    drawn.map(async ([file, title]) => ({ title, src: await figure(source, file) })),
  );
}

/** Of a run of an earlier version, whose log does not tell them. */
async function classesOf(folder: string): Promise<readonly string[]> {
  const metadata = await readJson<{ readonly classNames?: readonly string[] }>(
    join(folder, 'distilled', 'metadata.json'),
  );
  return metadata?.classNames ?? [];
}

async function membersOf({ name, folder }: RunSource): Promise<string[]> {
  const below = async (within: string): Promise<string[]> => {
    const path = join(folder, within);
    const names = existsSync(path) ? await readdir(path) : [];
    const runs = names.filter((one) => existsSync(join(path, one, 'config.yaml')));
    return runs.sort().map((one) => join(name, within, one));
  };
  return [...(await below('.')), ...(await below('repeats'))];
}

function nextSteps({ state, task }: RunSummary, name: string): NextStep[] {
  const run = `runs/${name}`;
  const goOn = {
    title: 'Go on where it was',
    command: `ncfm ${task === 'evaluate' ? 'run' : task} ${run}`,
  };
  if (state === 'running') return [];
  if (state !== 'done') return [goOn];
  if (task === 'compare' || task === 'search' || task === 'continual') return [];
  return [
    { title: 'Take it to PyTorch', command: `ncfm export ${run} --format pt` },
    { title: 'Share it as a data set', command: `ncfm export ${run} --format parquet` },
    {
      title: 'Test other networks on it',
      command: `ncfm evaluate ${run} --models convnet,resnet18,vgg11`,
    },
    { title: 'Add soft labels', command: `ncfm label ${run}` },
  ];
}
