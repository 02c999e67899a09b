import { decodedPerClass } from '../../distill/formation.js';
import type { OptionProblem } from '../method.js';
import type { NcfmOptions } from './options.js';
import { usualPerComponent } from './sampling-network.js';
import { leastRealImages } from './sampling-objectives.js';

/** Options that are right one by one and contradict each other. */
export function ncfmProblems(options: NcfmOptions): OptionProblem[] {
  return checks.flatMap((check) => check(options));
}

const checks: readonly ((options: NcfmOptions) => readonly OptionProblem[])[] = [
  function stratifiedNeedsSingleFormation({ matching, formation }) {
    if (matching.strategy !== 'stratified' || formation.mode === 'single') return [];
    return [
      {
        path: ['matching', 'strategy'],
        text: `stratified pairs each tile with a cluster of real images and needs distill.formation.mode single, found '${formation.mode}'`,
      },
    ];
  },

  function groupsDivideTrainingImages({ matching, formation, imagesPerClass }) {
    if (matching.strategy !== 'stratified') return [];
    if (formation.mode !== 'single') return [];
    const images = decodedPerClass(formation, imagesPerClass);
    return matching.groups.flatMap((groups, index) =>
      images % groups === 0
        ? []
        : {
            path: ['matching', 'groups', index],
            text: `${groups} groups do not divide the ${images} training images of a class (distill.imagesPerClass ${imagesPerClass} × distill.formation.factor ${formation.factor}²); use divisors of ${images}`,
          },
    );
  },

  function automaticScaleNeedsTwoRealImages(options) {
    const { key, perClass } = realImages(options);
    if (options.frequencies.kind === 'none') return [];
    if (options.frequencies.scale !== 'auto' || perClass >= 2) return [];
    return [
      {
        path: ['matching', key],
        text: 'one real image per class has no spread, from which distill.frequencies.scale auto is derived; use 2 or more, or give the scale as a number',
      },
    ];
  },

  function objectiveHasItsRealImages(options) {
    if (options.frequencies.kind !== 'sampling-network') return [];
    const { objective = 'discrepancy', scale } = options.frequencies;
    const { key, perClass } = realImages(options);
    // One image is too few for the automatic scale already, and is told so.
    if (perClass >= leastRealImages[objective] || (scale === 'auto' && perClass < 2)) return [];
    return [
      {
        path: ['matching', key],
        text: `distill.frequencies.objective ${objective} needs at least ${leastRealImages[objective]} real images of each class in a batch, found ${perClass}`,
      },
    ];
  },

  function frequenciesFillComponents({ frequencies }) {
    if (frequencies.kind !== 'sampling-network') return [];
    const { count, perComponent = usualPerComponent } = frequencies;
    if (count % perComponent === 0 && count >= 2 * perComponent) return [];
    return [
      {
        path: ['frequencies', 'count'],
        text: `expected a multiple of distill.frequencies.perComponent (${perComponent}), at least ${2 * perComponent}, found ${count}`,
      },
    ];
  },

  function networkLearnsFromItsFrequencies({ frequencies }) {
    if (frequencies.kind !== 'sampling-network') return [];
    const { perComponent = usualPerComponent, learnedPerComponent = 1 } = frequencies;
    if (learnedPerComponent <= perComponent) return [];
    return [
      {
        path: ['frequencies', 'learnedPerComponent'],
        text: `expected at most distill.frequencies.perComponent (${perComponent}), found ${learnedPerComponent}`,
      },
    ];
  },

  function laterNetworksNeedSnapshots({ fineTuning, extractors }) {
    if (fineTuning.kind === 'none' || fineTuning.within === undefined) return [];
    if (extractors.kind === 'snapshots') return [];
    return [
      {
        path: ['fineTuning', 'within'],
        text: "takes a network that is some parts of its training later, and needs distill.extractors.kind snapshots, found 'blend'",
      },
    ];
  },

  function amortizeWithinIterations({ amortize, iterations }) {
    if (amortize <= iterations) return [];
    return [
      {
        path: ['amortize'],
        text: `expected at most distill.iterations (${iterations}), found ${amortize}`,
      },
    ];
  },
];

/** Real images of each class in a batch, and the key that says how many. */
export function realImages({ matching, formation, imagesPerClass }: NcfmOptions) {
  return matching.strategy === 'plain'
    ? { key: 'realPerClass', perClass: matching.realPerClass }
    : {
        key: 'realPerCluster',
        perClass: matching.realPerCluster * decodedPerClass(formation, imagesPerClass),
      };
}
