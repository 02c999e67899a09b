import { initializeSynthetic } from '../../distill/synthetic.js';
import { spaceProblems } from '../descent-problems.js';
import type { Method } from '../method.js';
import { MeanMatching } from './mean-matching.js';
import { type DmOptions, dmDefaults, dmSchema } from './options.js';

/** Distribution matching (Zhao and Bilen, WACV 2023): the means of features of untrained networks are to agree. */
export const dm: Method<DmOptions> = {
  name: 'dm',
  title: 'DM',
  loss: 'distance of means',
  material: 'none',
  schema: dmSchema,
  defaults: dmDefaults,
  problems: spaceProblems,
  realPerClass: ({ realPerClass }) => realPerClass,
  start: async (input) => {
    const { dataset, options, random } = input;
    const start = { ...options, random: random.derive('start') };
    return new MeanMatching(input, initializeSynthetic(dataset, start));
  },
};
