import { type ImageShape, UsageError } from '../../core/index.js';
import { indicesByClass } from '../../data/index.js';
import { cat, keep, noGrad, scope, type Tensor } from '../../tensor/index.js';
import type { Distiller, ImageRequirement, Method, MethodInput, OptionProblem } from '../method.js';
import { selectionDefaults } from '../schema.js';
import { type Selected, selectionDistiller } from '../selection/distiller.js';
import { trainedNetwork } from '../selection/trained-network.js';
import { bestPatches, type PatchRequest, stitch } from './patches.js';
import { type RdedOptions, rdedSchema } from './schema.js';

/**
 * RDED (Sun et al., CVPR 2024), its first half: a stored image is a mosaic of those patches of real images that a trained
 * network, the observer, is surest of. Its second half, soft labels on the fly, is the evaluation's (`evaluate.labels`).
 */
export const rded: Method<RdedOptions> = {
  name: 'rded',
  title: 'RDED',
  loss: 'cross-entropy of the patches',
  material: 'pool',
  schema: rdedSchema,
  defaults: {
    method: 'rded',
    ...selectionDefaults,
    factor: 'auto',
    candidates: 300,
    crops: 5,
    observers: 1,
  },
  pretrain: { networks: 1 },
  problems,
  realPerClass: () => 1,
  requirements,
  start,
};

function problems(
  { observers }: RdedOptions,
  { networks }: { readonly networks: number },
): OptionProblem[] {
  if (observers <= networks) return [];
  const text = `${observers} networks are to judge, and pretrain.networks trains ${networks}; use as many, or fewer observers`;
  return [{ path: ['observers'], text }];
}

function requirements(options: RdedOptions, shape: ImageShape): ImageRequirement[] {
  const factor = factorOf(options, shape);
  const images = options.imagesPerClass * factor ** 2;
  return [{ images, purpose: `for ${factor ** 2} patches in each image` }];
}

/** Throws UsageError for a factor that leaves patches without pixels. */
function factorOf({ factor }: RdedOptions, { height, width }: ImageShape): number {
  if (factor === 'auto') return Math.min(height, width) > 64 ? 2 : 1;
  const most = Math.floor(Math.min(height, width) / 2);
  if (factor <= most) return factor;
  throw new UsageError(
    `distill.factor: expected auto or an integer from 1 to ${most} for ${height}×${width} images, found ${factor}`,
  );
}

function start(input: MethodInput<RdedOptions>): Promise<Distiller> {
  return selectionDistiller(input, () => mosaics(input));
}

async function mosaics(input: MethodInput<RdedOptions>): Promise<Selected> {
  const { dataset, options, chunks, random, signal } = input;
  const { labels, classNames, shape } = dataset;
  const factor = factorOf(options, shape);
  const observers = Array.from({ length: options.observers }, (_, network) =>
    trainedNetwork(input, network),
  );
  const request: PatchRequest = {
    ...{ dataset, observers, factor, signal },
    crops: options.crops,
    patchesAtOnce: chunks?.real,
    random: random.derive('crops'),
  };
  const draws = random.derive('candidates');
  const needed = options.imagesPerClass * factor ** 2;
  const candidates = Math.max(options.candidates, needed);
  const stitched: Tensor[] = [];
  let loss = 0;
  try {
    for (const [label, members] of indicesByClass(labels, classNames.length).entries()) {
      const order = draws.permutation(members.length).subarray(0, candidates);
      const drawn = order.map((position) => members[position]!);
      const best = await bestPatches(request, label, drawn, needed);
      using patches = best.patches;
      stitched.push(keep(scope(() => noGrad(() => stitch(patches, factor, shape)))));
      loss += best.score / classNames.length;
    }
    return { images: keep(cat(stitched)), loss };
  } finally {
    for (const owned of [...stitched, ...observers]) owned.dispose();
  }
}
