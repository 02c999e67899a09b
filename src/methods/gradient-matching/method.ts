import { requireNoStatistics } from '../../distill/second-order.js';
import { initializeSynthetic } from '../../distill/synthetic.js';
import { spaceProblems } from '../descent-problems.js';
import type { Method } from '../method.js';
import { GradientMatching } from './gradient-matching.js';
import {
  type GradientMatchingOptions,
  gradientMatchingDefaults,
  gradientMatchingSchema,
} from './options.js';

const shared = {
  loss: 'distance of gradients',
  material: 'none',
  problems: spaceProblems,
  requireNetwork: requireNoStatistics,
  realPerClass: ({ realPerClass }) => realPerClass,
  start: async (input) => {
    const { dataset, options, random } = input;
    const start = { ...options, random: random.derive('start') };
    return new GradientMatching(input, initializeSynthetic(dataset, start));
  },
} as const satisfies Partial<Method<GradientMatchingOptions>>;

export const dcSchema = gradientMatchingSchema('dc');
export const dsaSchema = gradientMatchingSchema('dsa');

/** Dataset condensation (Zhao et al., ICLR 2021): a network is to get the same gradients from real and synthetic images. */
export const dc: Method<GradientMatchingOptions> = {
  ...shared,
  name: 'dc',
  title: 'DC',
  schema: dcSchema,
  defaults: {
    method: 'dc',
    ...gradientMatchingDefaults,
    inner: { ...gradientMatchingDefaults.inner, augmentation: 'none' },
    augmentation: 'none',
  },
};

/** The same for images that are augmented alike (Zhao and Bilen, ICML 2021). */
export const dsa: Method<GradientMatchingOptions> = {
  ...shared,
  name: 'dsa',
  title: 'DSA',
  schema: dsaSchema,
  defaults: {
    method: 'dsa',
    ...gradientMatchingDefaults,
    inner: { ...gradientMatchingDefaults.inner, augmentation: 'dsa' },
    augmentation: 'dsa',
  },
};
