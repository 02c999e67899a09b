import type { ModelOptions } from '../../models/index.js';
import type { SearchOptions } from '../../plan/plan.js';
import type { ProxyName } from '../../plan/search-options.js';
import type { SearchProxy } from './proxies.js';
import { type RankCorrelation, rankCorrelation, topRegret } from './rank-correlation.js';
import type { Candidate } from './space.js';
import { bestOf, order, type Score, type Scores } from './train-candidates.js';

/** Wall-clock seconds of trainings, each in its process, summed. */
export interface TrainingSeconds {
  readonly total: number;
  readonly perCandidate: number;
  /** What the making of the set took, where that is known. */
  readonly preparation?: number;
}

/** How well a proxy puts architectures in order, and what it costs. Accuracies in percent. */
export interface ProxyResult {
  readonly proxy: ProxyName;
  /** Stored images, and their bytes. */
  readonly images: number;
  readonly bytes: number;
  readonly steps: number;
  /** With the whole-data accuracies of the sample. */
  readonly correlation: RankCorrelation;
  /** Whole-data accuracy lost by taking the best of the proxy's first k of the sample, in percentage points. */
  readonly regret: readonly { readonly top: number; readonly points: number }[];
  /** The architecture that the proxy puts first of all. */
  readonly found: Found;
  readonly seconds: TrainingSeconds;
}

export interface Found {
  readonly candidate: string;
  readonly model: ModelOptions;
  /** On the held-out images, trained on the proxy. */
  readonly accuracy: number;
  /** On the test images, trained on all real images. */
  readonly wholeData: number;
}

/** What a search found; `search.json`. */
export interface SearchResult {
  readonly formatVersion: 1;
  readonly dataset: string;
  readonly method: string;
  readonly images: { readonly training: number; readonly heldOut: number; readonly test: number };
  readonly options: SearchOptions;
  readonly proxies: readonly ProxyResult[];
  readonly wholeData: {
    readonly epochs: number;
    readonly steps: number;
    readonly images: number;
    readonly bytes: number;
    /** Architectures trained on it, the sample's and those that proxies found. */
    readonly candidates: number;
    /** The best of the sample. */
    readonly best: { readonly candidate: string; readonly accuracy: number };
    readonly seconds: TrainingSeconds;
  };
  readonly candidates: readonly CandidateResult[];
}

/** An architecture's accuracies in percent: on held-out images by proxy, on test images for the whole data. */
export interface CandidateResult {
  readonly candidate: string;
  readonly proxies: { readonly [proxy in ProxyName]?: Omit<Score, 'seconds'> };
  readonly wholeData?: number;
  /** Whether it is one of the random sample. */
  readonly sampled?: true;
}

/** The numbers of candidates that regrets are told for, as far as the sample goes. */
const tops = [1, 3, 5];

/** Judges a proxy by the whole-data accuracies of a sample, and of the candidate that it puts first. */
export function judgeProxy(
  proxy: SearchProxy,
  scores: Scores,
  wholeData: Scores,
  sample: readonly Candidate[],
): ProxyResult {
  const own = sample.map((candidate) => order(scores.get(candidate)!));
  const reference = sample.map((candidate) => wholeData.get(candidate)!.accuracy);
  const { set, images, bytes, steps, preparation } = proxy;
  const best = bestOf(scores);
  return {
    proxy: set,
    images,
    bytes,
    steps,
    correlation: rankCorrelation(own, reference),
    regret: tops
      .filter((top) => top <= sample.length)
      .map((top) => ({ top, points: topRegret(own, reference, top) })),
    found: {
      candidate: best.name,
      model: best.model,
      accuracy: scores.get(best)!.accuracy,
      wholeData: wholeData.get(best)!.accuracy,
    },
    seconds: secondsOf(scores, preparation),
  };
}

/** The durations of a set's trainings. */
export function secondsOf(scores: Scores, preparation?: number): TrainingSeconds {
  const total = [...scores.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  const made = preparation === undefined ? {} : { preparation };
  return { total, perCandidate: total / scores.size, ...made };
}

export function candidateResults(
  candidates: readonly Candidate[],
  byProxy: ReadonlyMap<ProxyName, Scores>,
  wholeData: Scores,
  sample: readonly Candidate[],
): CandidateResult[] {
  return candidates.map((candidate) => {
    const real = wholeData.get(candidate);
    const proxies = [...byProxy].map(([proxy, scores]) => {
      const { seconds: _, ...score } = scores.get(candidate)!;
      return [proxy, score] as const;
    });
    return {
      candidate: candidate.name,
      proxies: Object.fromEntries(proxies),
      ...(real && { wholeData: real.accuracy }),
      ...(sample.includes(candidate) && { sampled: true as const }),
    };
  });
}
