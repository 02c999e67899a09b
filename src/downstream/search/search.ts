import { Artifacts, writeFileAtomic } from '../../core/index.js';
import type { DatasetPair } from '../../data/index.js';
import { startEngine } from '../../pipeline/prepare.js';
import {
  type PipelineRequest,
  scratchFolder,
  timed,
  writeManifest,
} from '../../pipeline/run-context.js';
import type { ProxyName } from '../../plan/search-options.js';
import type { RandomGenerator } from '../../tensor/index.js';
import { WorkerPool } from '../../workers/pool.js';
import { checkSearch, chooseSearchWorkers, searchedParts } from './check.js';
import { distilledSet } from './distilled-set.js';
import { drawSearch } from './draw.js';
import { openProxies, type Proxies, type ProxyRequest, wholeDataTask } from './proxies.js';
import { candidateResults, judgeProxy, type SearchResult, secondsOf } from './results.js';
import { type Candidate, fittingCandidates } from './space.js';
import { bestOf, type Scores, type Trainers, trainCandidates } from './train-candidates.js';

/** Where a search keeps the figures of every network that it has trained. */
const searchFolder = 'search';

/**
 * Searches for an architecture: trains every network of a space on each proxy (a distilled set, random real images, all
 * real images stopped early) and puts them in order by their accuracy on held-out training images; the test images decide
 * nothing. A random sample of the architectures, and the first of each proxy, are then trained on all real images (but the
 * held-out ones) and tested, which tells how well each proxy orders them. Writes `search.json` and `search.svg`; a search that is
 * stopped goes on where it was.
 */
export async function searchArchitectures(request: PipelineRequest): Promise<SearchResult> {
  const { plan, directory, onEvent, signal } = request;
  const { data: own, memory } = request.prepared ?? (await checkSearch(plan, request));
  const data = searchedParts(plan, own);
  const random = startEngine(plan);
  // Of all the data, the held-out images too: the run goes on where these are the same.
  writeManifest(directory, { plan, data: own, memory });
  const finished = new Artifacts((request.shared ?? directory).pathOf(searchFolder));
  const prepared = { data, memory };
  using distilled = plan.search.proxies.includes('distilled')
    ? await distilledSet({ ...request, prepared }, { searched: data, all: own.train }, finished)
    : undefined;
  const asked = { plan, data, random: random.derive('search'), distilled };
  using opened = openProxies(asked);
  using workers = new WorkerPool({
    ...chooseSearchWorkers(plan),
    scratch: directory.pathOf(scratchFolder),
    signal,
  });
  const testAtOnce = memory.chunks.test;
  const { group } = request;
  const trainers = { workers, group, finished, testAtOnce, random: asked.random, onEvent, signal };
  const { value: result } = await timed('search', onEvent, () =>
    rankAll(asked, opened, trainers, own.test),
  );
  writeFileAtomic(directory.pathOf('search.json'), `${JSON.stringify(result, null, 2)}\n`);
  writeFileAtomic(directory.pathOf('search.svg'), await drawSearch(result));
  return result;
}

async function rankAll(
  asked: ProxyRequest,
  { proxies }: Proxies,
  trainers: Trainers,
  test: DatasetPair['test'],
): Promise<SearchResult> {
  const { plan, data, random } = asked;
  const { search } = plan;
  const candidates = candidatesFor(asked, trainers);
  const byProxy = new Map<ProxyName, Scores>();
  for (const proxy of proxies) {
    byProxy.set(proxy.set, await trainCandidates(trainers, proxy, candidates, search.halving));
  }
  const sample = sampleOf(candidates, search.sample, random.derive('sample'));
  const chosen = new Set([...sample, ...[...byProxy.values()].map(bestOf)]);
  const task = wholeDataTask(asked, test);
  const wholeData = await trainCandidates(trainers, task, [...chosen]);
  const { train } = data;
  const ofSample = new Map(sample.map((candidate) => [candidate, wholeData.get(candidate)!]));
  const best = bestOf(ofSample);
  return {
    formatVersion: 1,
    dataset: train.name,
    method: plan.distill.method,
    images: {
      training: train.labels.length,
      heldOut: data.test.labels.length,
      test: test.labels.length,
    },
    options: search,
    proxies: proxies.map((proxy) => judgeProxy(proxy, byProxy.get(proxy.set)!, wholeData, sample)),
    wholeData: {
      epochs: search.reference.epochs,
      steps: task.steps,
      images: train.labels.length,
      bytes: train.labels.length * train.read([0]).byteLength,
      candidates: chosen.size,
      best: { candidate: best.name, accuracy: wholeData.get(best)!.accuracy },
      seconds: secondsOf(wholeData),
    },
    candidates: candidateResults(candidates, byProxy, wholeData, sample),
  };
}

/** The networks of the space that the images can be given to; the others are told. */
function candidatesFor({ plan, data }: ProxyRequest, { onEvent }: Trainers): readonly Candidate[] {
  const { shape, classNames } = data.train;
  const { candidates, unfit } = fittingCandidates(plan.search.space, shape, classNames.length);
  if (unfit.length > 0) {
    const all = candidates.length + unfit.length;
    onEvent({
      type: 'warning',
      message: `${unfit.length} of the ${all} architectures cannot take ${shape.height}×${shape.width} images and are left out`,
    });
  }
  return candidates;
}

/** A random sample, in the candidates' order. */
function sampleOf(
  candidates: readonly Candidate[],
  size: number | 'all',
  random: RandomGenerator,
): readonly Candidate[] {
  if (size === 'all' || size >= candidates.length) return candidates;
  const drawn = new Set(random.permutation(candidates.length).subarray(0, size));
  return candidates.filter((_, index) => drawn.has(index));
}
