import type { ImageShape } from '../../core/index.js';
import { UsageError } from '../../core/index.js';
import { buildModel, type ModelOptions } from '../../models/index.js';
import type { SearchSpace } from '../../plan/plan.js';
import { RandomGenerator } from '../../tensor/index.js';

/**
 * Spaces that have a name.
 * - full: the 720 networks of Such et al. (Generative Teaching Networks, 2020) and of Zhao & Bilen (Dataset Condensation
 *   with Gradient Matching, ICLR 2021)
 * - small: 36 of them in which networks differ much
 */
export const searchSpaces = {
  full: {
    widths: [32, 64, 128, 256],
    depths: [1, 2, 3, 4],
    norms: ['none', 'batch', 'layer', 'instance', 'group'],
    activations: ['sigmoid', 'relu', 'leaky-relu'],
    poolings: ['none', 'max', 'average'],
  },
  small: {
    widths: [8, 32],
    depths: [1, 2, 3],
    norms: ['none', 'batch', 'instance'],
    activations: ['relu'],
    poolings: ['max', 'average'],
  },
} as const satisfies { readonly [name: string]: SearchSpace };

export interface Candidate {
  /** `w32-d3-instance-relu-average` */
  readonly name: string;
  readonly model: ModelOptions;
}

/** The networks of a space, each once, in the order of its lists. */
export function candidatesOf(space: SearchSpace): Candidate[] {
  const models = space.widths.flatMap((width) =>
    space.depths.flatMap((depth) =>
      space.norms.flatMap((norm) =>
        space.activations.flatMap((activation) =>
          space.poolings.map((pooling) => ({ width, depth, norm, activation, pooling })),
        ),
      ),
    ),
  );
  const named = models.map(({ width, depth, norm, activation, pooling }): [string, Candidate] => {
    const name = `w${width}-d${depth}-${norm}-${activation}-${pooling}`;
    const model = { name: 'convnet', width, depth, norm, activation, pooling } as const;
    return [name, { name, model }];
  });
  return [...new Map(named).values()];
}

/** A space's networks, told apart by whether they can take images of a size. */
export interface Fitting {
  readonly candidates: readonly Candidate[];
  readonly unfit: readonly Candidate[];
}

/** Throws UsageError, with the reason of the last, when fewer than two networks of a space can take the images. */
export function fittingCandidates(space: SearchSpace, shape: ImageShape, classes: number): Fitting {
  const candidates: Candidate[] = [];
  const unfit: Candidate[] = [];
  let reason = '';
  for (const candidate of candidatesOf(space)) {
    try {
      buildModel(candidate.model, shape, classes, new RandomGenerator(0)).dispose();
      candidates.push(candidate);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      unfit.push(candidate);
      reason = `: ${error.message}`;
    }
  }
  if (candidates.length >= 2) return { candidates, unfit };
  throw new UsageError(
    `search.space: there must be two networks or more to choose from, ${candidates.length} can take ${shape.height}×${shape.width} images${reason}`,
  );
}
