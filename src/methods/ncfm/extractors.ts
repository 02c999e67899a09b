import { UsageError } from '../../core/index.js';
import type { ImageModel } from '../../models/index.js';
import type { RandomGenerator } from '../../tensor/index.js';
import type { ExtractorChoice, ExtractorPool } from '../../train/extractors.js';

/**
 * Which networks features are compared in.
 * - blend: each a network of the pool, between its first and its trained parameters (the paper's §4.2.1)
 * - snapshots: each a network of the pool as it was after some of `parts` equal parts of its training (TGDD, AAAI 2026):
 *   after any of them, or with `order: forward` after one that the distillation has come to, so that the choice widens
 *   from the untrained network at the first iteration to all at the last
 */
export type Extractors =
  | { readonly kind: 'blend' }
  | {
      readonly kind: 'snapshots';
      readonly parts: number;
      readonly order: 'any' | 'forward';
    };

export interface ExtractorDraw {
  readonly extractors: Extractors;
  readonly pool: ExtractorPool;
  /** How much of the distillation is done, from 0 to below 1. */
  readonly progress: number;
  readonly random: RandomGenerator;
}

/** Draws a network of the pool, and how far it is trained. */
export function drawExtractor({
  extractors,
  pool,
  progress,
  random,
}: ExtractorDraw): ExtractorChoice {
  if (extractors.kind === 'blend') return pool.draw(random);
  const { parts, order } = extractors;
  const last = order === 'any' ? parts : Math.floor(progress * (parts + 1));
  return { network: random.integer(pool.size), part: random.integer(last + 1) };
}

/** Throws UsageError for a network of which a snapshot, which has parameters alone, does not hold all. */
export function requireExtractor(network: ImageModel, extractors: Extractors): void {
  if (extractors.kind === 'blend') return;
  if (network.state().size === network.parameters().length) return;
  throw new UsageError(
    'snapshots of a training (distill.extractors) hold parameters alone, and batch normalisation has running statistics beside; use a network with another normalisation, e.g. norm: instance, or distill.extractors blend',
  );
}
