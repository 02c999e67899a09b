import { decodedPerClass } from '../distill/index.js';
import { leastRealImages } from '../methods/index.js';
import type { Config } from '../plan/schema/configuration.js';
import type { Problem } from './problems.js';

type Check = (config: Config) => readonly Problem[];

/** Settings that are right one by one and contradict each other. */
export function contradictions(config: Config): Problem[] {
  return checks.flatMap((check) => check(config));
}

const checks: readonly Check[] = [
  function datasetIsNamedOrLocated({ dataset: { name, path, root, labels } }) {
    const problem = (key: string, text: string) => ({ path: ['dataset', key], text });
    if (name !== undefined && path !== undefined) {
      return [problem('path', `contradicts dataset.name (${name}); give one of the two`)];
    }
    if (root !== undefined && path !== undefined) {
      return [problem('root', 'says where a named dataset is; dataset.path says that itself')];
    }
    if (labels !== undefined && name !== 'cifar-100') {
      return [problem('labels', `is for dataset.name cifar-100, found '${name ?? path}'`)];
    }
    return [];
  },

  function stratifiedNeedsSingleFormation({ distill: { matching, formation } }) {
    if (matching.strategy !== 'stratified' || formation.mode === 'single') return [];
    return [
      {
        path: ['distill', 'matching', 'strategy'],
        text: `stratified pairs each tile with a cluster of real images and needs distill.formation.mode single, found '${formation.mode}'`,
      },
    ];
  },

  function groupsDivideTrainingImages({ distill: { matching, formation, imagesPerClass } }) {
    if (matching.strategy !== 'stratified' || matching.groups === 'auto') return [];
    if (formation.mode !== 'single') return [];
    const images = decodedPerClass(formation, imagesPerClass);
    return matching.groups.flatMap((groups, index) =>
      images % groups === 0
        ? []
        : {
            path: ['distill', 'matching', 'groups', index],
            text: `${groups} groups do not divide the ${images} training images of a class (distill.imagesPerClass ${imagesPerClass} × distill.formation.factor ${formation.factor}²); use divisors of ${images}`,
          },
    );
  },

  function automaticScaleNeedsTwoRealImages({ distill }) {
    const { key, perClass } = realImages(distill);
    if (distill.frequencies.kind === 'none') return [];
    if (distill.frequencies.scale !== 'auto' || perClass >= 2) return [];
    return [
      {
        path: ['distill', 'matching', key],
        text: 'one real image per class has no spread, from which distill.frequencies.scale auto is derived; use 2 or more, or give the scale as a number',
      },
    ];
  },

  function objectiveHasItsRealImages({ distill }) {
    if (distill.frequencies.kind !== 'sampling-network') return [];
    const { objective, scale } = distill.frequencies;
    const { key, perClass } = realImages(distill);
    // One image is too few for the automatic scale already, and is told so.
    if (perClass >= leastRealImages[objective] || (scale === 'auto' && perClass < 2)) return [];
    return [
      {
        path: ['distill', 'matching', key],
        text: `distill.frequencies.objective ${objective} needs at least ${leastRealImages[objective]} real images of each class in a batch, found ${perClass}`,
      },
    ];
  },

  function frequenciesFillComponents({ distill: { frequencies } }) {
    if (frequencies.kind !== 'sampling-network') return [];
    const { count, perComponent } = frequencies;
    if (count % perComponent === 0 && count >= 2 * perComponent) return [];
    return [
      {
        path: ['distill', 'frequencies', 'count'],
        text: `expected a multiple of distill.frequencies.perComponent (${perComponent}), at least ${2 * perComponent}, found ${count}`,
      },
    ];
  },

  function networkLearnsFromItsFrequencies({ distill: { frequencies } }) {
    if (frequencies.kind !== 'sampling-network') return [];
    const { perComponent, learnedPerComponent } = frequencies;
    if (learnedPerComponent <= perComponent) return [];
    return [
      {
        path: ['distill', 'frequencies', 'learnedPerComponent'],
        text: `expected at most distill.frequencies.perComponent (${perComponent}), found ${learnedPerComponent}`,
      },
    ];
  },

  function budgetUsesEveryImage({ distill: { formation, imagesPerClass } }) {
    if (formation.mode !== 'bound' || formation.budget >= imagesPerClass) return [];
    return [
      {
        path: ['distill', 'formation', 'budget'],
        text: `${formation.budget} training images leave some of the ${imagesPerClass} stored ones (distill.imagesPerClass) unused; use ${imagesPerClass} or more`,
      },
    ];
  },

  function teacherIsWhereNetworksAre({ evaluate: { concurrency, labels } }) {
    if (labels.mode !== 'on-the-fly' || concurrency === 'auto' || concurrency === 1) return [];
    return [
      {
        path: ['evaluate', 'concurrency'],
        text: `labels on the fly (evaluate.labels.mode) are asked of the teacher at every step, which is in one process only; use 1, or static labels, found ${concurrency}`,
      },
    ];
  },

  function memoriesDiffer({ continual: { memories } }) {
    return memories.flatMap((memory, index) =>
      memories.indexOf(memory) === index
        ? []
        : { path: ['continual', 'memories', index], text: `${memory} is given twice` },
    );
  },

  function amortizeWithinIterations({ distill: { amortize, iterations } }) {
    if (amortize <= iterations) return [];
    return [
      {
        path: ['distill', 'amortize'],
        text: `expected at most distill.iterations (${iterations}), found ${amortize}`,
      },
    ];
  },
];

/** Real images of each class in a batch, and the key that says how many. */
function realImages({ matching, formation, imagesPerClass }: Config['distill']) {
  return matching.strategy === 'plain'
    ? { key: 'realPerClass', perClass: matching.realPerClass }
    : {
        key: 'realPerCluster',
        perClass: matching.realPerCluster * decodedPerClass(formation, imagesPerClass),
      };
}
