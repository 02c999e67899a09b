import type { Activation, NormKind, Pooling } from '../nn/index.js';

/**
 * What architectures are put in order by instead of all real images.
 * - distilled: a distilled set
 * - random: as many random real images
 * - early-stop: all real images, for as many steps as the other two
 */
export const proxyNames = ['distilled', 'random', 'early-stop'] as const;
export type ProxyName = (typeof proxyNames)[number];

/** How an architecture is searched for; see `searchArchitectures`. */
export interface SearchOptions {
  /** Folder of a finished run whose distilled set is used; the search distils one when left out. */
  readonly run?: string;
  readonly space: SearchSpace;
  readonly proxies: readonly ProxyName[];
  /** How long each network is trained on a proxy; epochs count passes over the decoded distilled set, in full batches. */
  readonly length: { readonly steps: number } | { readonly epochs: number };
  /** Networks trained per architecture and proxy, whose mean accuracy counts. */
  readonly seeds: number;
  /** Share of the training images held out to rank by, in (0, 1), unless the dataset's own `validation` is above 0. */
  readonly validation: number;
  readonly halving: HalvingOptions;
  /** Random architectures that are trained on all real images as well. */
  readonly sample: number | 'all';
  /** How long those are, in passes over the real training images. */
  readonly reference: { readonly epochs: number };
  /** Networks trained at once, each in a process of its own; `auto`: as many as there are threads. */
  readonly concurrency: number | 'auto';
}

/**
 * Successive halving (Jamieson & Talwalkar, 2016): in each of `rounds` rounds networks are trained from scratch, in the
 * last for all steps and in each before it for 1/factor of those of the next; the best 1/factor go on to the next round.
 * One round trains every architecture for all steps.
 */
export interface HalvingOptions {
  readonly rounds: number;
  readonly factor: number;
}

/** ConvNets: every combination of one value from each list. */
export interface SearchSpace {
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly norms: readonly NormKind[];
  readonly activations: readonly Activation[];
  readonly poolings: readonly Pooling[];
}
