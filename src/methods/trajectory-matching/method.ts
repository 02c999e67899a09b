import { requireNoStatistics } from '../../distill/second-order.js';
import { initializeSynthetic } from '../../distill/synthetic.js';
import { spaceProblems } from '../descent-problems.js';
import type { Method } from '../method.js';
import { expertTraining, mttDefaults, teslaDefaults } from './defaults.js';
import { TrajectoryMatcher } from './matcher.js';
import { mttSchema, type TrajectoryOptions, teslaSchema } from './options.js';

const shared = {
  loss: 'distance from the expert',
  material: 'trajectories',
  pretrain: expertTraining,
  problems: spaceProblems,
  requireNetwork: requireNoStatistics,
  epochs: ({ maxStartEpoch, expertEpochs }) => maxStartEpoch - 1 + expertEpochs,
  // None: the experts have seen them.
  realPerClass: () => 1,
  start: async (input) => {
    const { dataset, options, random } = input;
    const start = { ...options, random: random.derive('start') };
    return new TrajectoryMatcher(input, initializeSynthetic(dataset, start));
  },
} satisfies Partial<Method<TrajectoryOptions>>;

/** Matching training trajectories (Cazenavette et al., CVPR 2022), in the memory of a single inner step. */
export const mtt: Method<TrajectoryOptions> = {
  ...shared,
  name: 'mtt',
  title: 'MTT',
  schema: mttSchema,
  defaults: mttDefaults,
};

/** TESLA (Cui et al., ICML 2023): the same by an approximate gradient, which needs less time. */
export const tesla: Method<TrajectoryOptions> = {
  ...shared,
  name: 'tesla',
  title: 'TESLA',
  schema: teslaSchema,
  defaults: teslaDefaults,
};
