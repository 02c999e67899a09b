import { noAugmentation } from '../augment/index.js';
import {
  type CompareRequest,
  type DecodedSet,
  measure,
  measureRandom,
  stepsFor,
} from './compare.js';
import { augmentationRobustScore, labelRobustScore, usualWeight } from './ranking.js';
import type { WholeData } from './results.js';
import { type SetFigures, setFigures } from './results.js';

/** A set's scores of DD-Ranking, and the accuracies (in percent) that they come from. */
export interface RankingResult {
  /** Label-robust score, in percent. */
  readonly labelRobust: number;
  /** Augmentation-robust score, in percent. */
  readonly augmentationRobust: number;
  readonly weight: number;
  readonly accuracy: {
    readonly wholeData: WholeData;
    readonly set: SetFigures;
    readonly random: SetFigures;
    /** With hard labels; the same as `set` where it has those anyway. */
    readonly setHardLabels: SetFigures;
    /** Without augmentation and mixing. */
    readonly setPlain: SetFigures;
    readonly randomPlain: SetFigures;
  };
}

/** Measures what the scores need: the set and random real images, with augmentation and without. */
export async function rankSet(
  request: CompareRequest,
  set: DecodedSet,
  wholeData: WholeData,
): Promise<RankingResult> {
  const steps = stepsFor(request, set);
  const own = await measure(request, { name: 'set', sets: [set], steps });
  const random = await measureRandom(request, { name: 'random', steps });
  const { labels } = request.plan.evaluate;
  const hard = labels.mode === 'hard' ? own : await measureHard(request, set, steps);
  const plain = withEvaluation(request, { augmentation: noAugmentation, cutMix: 0 });
  const ownPlain = await measure(plain, { name: 'set, plain', sets: [set], steps });
  const randomPlain = await measureRandom(plain, { name: 'random, plain', steps });
  const share = ({ mean }: { readonly mean: number }): number => mean / 100;
  return {
    labelRobust:
      100 *
      labelRobustScore({
        realHard: share(wholeData),
        syntheticHard: share(hard),
        syntheticAny: share(own),
        randomAny: share(random),
      }),
    augmentationRobust:
      100 *
      augmentationRobustScore({
        syntheticAugmented: share(own),
        randomAugmented: share(random),
        syntheticPlain: share(ownPlain),
        randomPlain: share(randomPlain),
      }),
    weight: usualWeight,
    accuracy: {
      wholeData,
      set: setFigures(own),
      random: setFigures(random),
      setHardLabels: setFigures(hard),
      setPlain: setFigures(ownPlain),
      randomPlain: setFigures(randomPlain),
    },
  };
}

function measureHard(
  { teacher: _, ...others }: CompareRequest,
  { probabilities: __, ...set }: DecodedSet,
  steps: number,
) {
  const hard = withEvaluation(others, { labels: { mode: 'hard' } });
  return measure(hard, { name: 'set, hard labels', sets: [set], steps });
}

function withEvaluation(
  request: CompareRequest,
  changes: Partial<CompareRequest['plan']['evaluate']>,
): CompareRequest {
  const { plan } = request;
  return { ...request, plan: { ...plan, evaluate: { ...plan.evaluate, ...changes } } };
}
