import type { DescentOptions } from '../distill/descent.js';
import type { OptionProblem } from './method.js';

/** A space in which the optimiser's steps would be no others. */
export function spaceProblems({ space = 'pixels', optimizer }: DescentOptions): OptionProblem[] {
  if (space === 'pixels' || optimizer.kind === 'sgd') return [];
  return [
    {
      path: ['space'],
      text: `${space} is for distill.optimizer.kind sgd, found '${optimizer.kind}', whose steps are as large in any; use pixels`,
    },
  ];
}
