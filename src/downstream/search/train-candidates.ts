import type { Artifacts } from '../../core/index.js';
import { FailureError } from '../../core/index.js';
import type { Dataset } from '../../data/index.js';
import type { ProcessGroup } from '../../distributed/index.js';
import type { EvaluateOptions, EvaluateRequest } from '../../evaluate/request.js';
import { seedIdentity } from '../../evaluate/seed-identity.js';
import type { TrainingImages } from '../../evaluate/training-images.js';
import type { HalvingOptions } from '../../plan/plan.js';
import type { EventSink } from '../../run/index.js';
import type { RandomGenerator } from '../../tensor/index.js';
import type { WorkerPool } from '../../workers/pool.js';
import type { Candidate } from './space.js';

/** Images that candidates are trained on, and how. */
export interface TrainingTask {
  /** A proxy's name, or `whole data`. */
  readonly set: string;
  /** The images that the network of seed 1, 2, … trains on; they stay the caller's. */
  readonly data: (seed: number) => TrainingImages;
  /** Images that accuracies are measured on. */
  readonly test: Dataset;
  readonly steps: number;
  /** How networks are trained, with hard labels and without tests on the way. */
  readonly options: EvaluateOptions;
  /** Networks per candidate. */
  readonly seeds: number;
}

export interface Trainers {
  readonly workers: WorkerPool;
  /** Processes that train candidates, each some of them, by workers of its own. */
  readonly group?: ProcessGroup | undefined;
  /** Keeps every single network's figures. */
  readonly finished: Artifacts;
  readonly testAtOnce: number;
  readonly random: RandomGenerator;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

export interface Score {
  /** Mean over its networks, percent; 0 where a training diverged. */
  readonly accuracy: number;
  readonly steps: number;
  /** The round that it came to, from 1. */
  readonly round: number;
  /** Of all its trainings, in their processes. */
  readonly seconds: number;
}

export type Scores = ReadonlyMap<Candidate, Score>;

/** How far a candidate came, and how good it was there: higher is better. */
export function order({ round, accuracy }: Score): number {
  return 1000 * round + accuracy;
}

/** The candidate that a set puts first; of equal ones the first of the space. */
export function bestOf(scores: Scores): Candidate {
  const [best] = [...scores].reduce((a, b) => (order(b[1]) > order(a[1]) ? b : a));
  return best;
}

/**
 * Trains every candidate on a set, by successive halving where there are several rounds. Candidates of a round are
 * trained at once, as many as there are workers; what was trained by an earlier process is not trained again.
 */
export async function trainCandidates(
  trainers: Trainers,
  task: TrainingTask,
  candidates: readonly Candidate[],
  { rounds, factor }: HalvingOptions = { rounds: 1, factor: 2 },
): Promise<Scores> {
  const scores = new Map<Candidate, Score>();
  let going = candidates;
  for (let round = 1; round <= rounds; round++) {
    const steps = Math.max(1, Math.round(task.steps / factor ** (rounds - round)));
    const results = await trainRound(trainers, { ...task, steps }, going);
    for (const [index, candidate] of going.entries()) {
      const { accuracy, seconds } = results[index]!;
      const spent = seconds + (scores.get(candidate)?.seconds ?? 0);
      scores.set(candidate, { accuracy, steps, round, seconds: spent });
    }
    // A stable sort: of equal ones the first of the space goes on.
    going = going
      .toSorted((a, b) => scores.get(b)!.accuracy - scores.get(a)!.accuracy)
      .slice(0, Math.ceil(going.length / factor));
  }
  tellEnd(trainers.onEvent, task.set, scores);
  return scores;
}

function tellEnd(onEvent: EventSink, set: string, scores: Scores): void {
  const best = bestOf(scores);
  const seconds = [...scores.values()].reduce((sum, score) => sum + score.seconds, 0);
  const { accuracy } = scores.get(best)!;
  onEvent({ type: 'search-end', set, best: best.name, accuracy, seconds });
}

async function trainRound(
  trainers: Trainers,
  task: TrainingTask,
  candidates: readonly Candidate[],
): Promise<Trained[]> {
  const { group, onEvent, signal } = trainers;
  const { set, steps } = task;
  onEvent({ type: 'search-start', set, candidates: candidates.length, steps });
  let done = 0;
  const tell = (candidate: Candidate, { accuracy }: Trained): void => {
    done += 1;
    const all = candidates.length;
    onEvent({
      type: 'search-candidate',
      set,
      candidate: candidate.name,
      done,
      candidates: all,
      accuracy,
    });
  };
  const train = async (candidate: Candidate): Promise<Trained> => {
    const result = await trainCandidate(trainers, task, candidate);
    tell(candidate, result);
    return result;
  };
  const trainAll = (own: readonly Candidate[]): Promise<Trained[]> => Promise.all(own.map(train));
  if (group === undefined) return await trainAll(candidates);
  const results = await group.shareOut(candidates, trainAll, signal);
  for (const [index, candidate] of candidates.entries()) {
    if (!group.owns(index)) tell(candidate, results[index]!);
  }
  return results;
}

/** A network's figures, or the mean accuracy of several and their time together. */
type Trained = Pick<Score, 'accuracy' | 'seconds'>;

async function trainCandidate(
  trainers: Trainers,
  task: TrainingTask,
  candidate: Candidate,
): Promise<Trained> {
  const seeds = Array.from({ length: task.seeds }, (_, index) => index + 1);
  const trained = await Promise.all(
    seeds.map((seed) => trainNetwork(trainers, task, candidate, seed)),
  );
  const sum = (figure: (network: Trained) => number): number =>
    trained.reduce((total, network) => total + figure(network), 0);
  return {
    accuracy: sum(({ accuracy }) => accuracy) / trained.length,
    seconds: sum(({ seconds }) => seconds),
  };
}

async function trainNetwork(
  { workers, finished, testAtOnce, random }: Trainers,
  { set, data, test, steps, options }: TrainingTask,
  { name, model }: Candidate,
  seed: number,
): Promise<Trained> {
  let seconds = 0;
  const request: EvaluateRequest = {
    set: `${set}, ${name}`,
    data,
    normalization: test.normalization,
    test,
    model,
    steps,
    testAtOnce,
    options,
    random,
    workers,
    onEvent: (event) => {
      if (event.type === 'evaluate-seed-end') seconds = event.seconds;
    },
  };
  const piece = {
    name: `${set}, ${name}, ${steps} steps, seed ${seed}`,
    identity: seedIdentity(request, seed),
  };
  const { value } = await finished.readOrMake<Trained>(piece, async () => {
    try {
      const { metrics } = await workers.train(request, seed);
      return { accuracy: metrics.accuracy, seconds };
    } catch (error) {
      // An architecture that cannot be trained by these settings is a bad one, and no reason to stop.
      if (isDivergence(error)) return { accuracy: 0, seconds };
      throw error;
    }
  });
  return value;
}

function isDivergence(error: unknown): boolean {
  return error instanceof FailureError && error.message.startsWith('training diverged');
}
