import { UsageError } from '../../core/index.js';
import type { ClassSamplerState } from '../../data/index.js';
import type { ScheduledOptimizerState } from '../../distill/scheduled-optimizer.js';
import type { OptimizerState, ScheduleState } from '../../nn/index.js';
import { type Tensor, tensor, withoutPrefix, withPrefix } from '../../tensor/index.js';
import type { FrequencySourceState } from './frequency-source.js';
import type { KeptRealBatch } from './matching.js';

export interface CondenserState {
  readonly iteration: number;
  /** Stored images [classes · imagesPerClass, c, h, w]. */
  readonly images: Tensor;
  readonly imagesPlayer: ScheduledOptimizerState;
  /** Undefined without a sampling network. */
  readonly frequencies: FrequencySourceState | undefined;
  readonly sampler: ClassSamplerState;
  /** The generator's whole state. */
  readonly random: Uint8Array;
  /** That of the generator for fine-tuning; undefined without it. */
  readonly fineTuning: Uint8Array | undefined;
  /** What the next iteration goes on comparing with; undefined when it draws anew. */
  readonly realBatch: KeptRealBatch | undefined;
}

/** A state taken apart: tensors by name, and values that JSON can hold. */
export interface FlatState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly values: FlatValues;
}

/** The part of a state that is no tensor. */
export interface FlatValues {
  readonly iteration: number;
  readonly images: OptimizerValues;
  readonly frequencies: OptimizerValues | null;
  /** Images drawn of each group's epoch, and the epoch's length; the orders are one tensor. */
  readonly sampler: readonly { readonly drawn: number; readonly length: number }[];
  /** Base64. */
  readonly random: string;
  /** Base64. */
  readonly fineTuning: string | null;
  readonly realBatch: Omit<KeptRealBatch, 'features'> | null;
}

interface OptimizerValues {
  readonly step: number;
  readonly schedule: ScheduleState;
}

/** Takes a state apart, to be stored. One tensor is new and belongs to the scope; the others stay the state's. */
export function flattenState(state: CondenserState): FlatState {
  const { iteration, images, imagesPlayer, frequencies, sampler, random, fineTuning, realBatch } =
    state;
  const orders = sampler.groups.flatMap(({ order }) => order);
  const tensors = new Map<string, Tensor>([
    ['images', images],
    ['sampler.orders', tensor(orders, [orders.length], 'int32')],
    ...withPrefix('images.optimizer.', imagesPlayer.optimizer.tensors),
  ]);
  if (frequencies !== undefined) {
    const { network, player } = frequencies;
    for (const [name, value] of withPrefix('sampling.network.', network)) tensors.set(name, value);
    for (const [name, value] of withPrefix('sampling.optimizer.', player.optimizer.tensors))
      tensors.set(name, value);
  }
  if (realBatch !== undefined) tensors.set('realBatch.features', realBatch.features);
  return {
    tensors,
    values: {
      iteration,
      images: playerValues(imagesPlayer),
      frequencies: frequencies ? playerValues(frequencies.player) : null,
      sampler: sampler.groups.map(({ drawn, order }) => ({ drawn, length: order.length })),
      random: Buffer.from(random).toString('base64'),
      fineTuning: fineTuning ? Buffer.from(fineTuning).toString('base64') : null,
      realBatch: realBatch ? withoutFeatures(realBatch) : null,
    },
  };
}

/** Puts a state together again; the tensors stay `flat`'s. Throws UsageError naming what is missing. */
export function unflattenState({ tensors, values }: FlatState): CondenserState {
  const required = (name: string): Tensor => {
    const value = tensors.get(name);
    if (value !== undefined) return value;
    throw new UsageError(`the stored state has no tensor '${name}'`);
  };
  const { iteration, images, frequencies, sampler, random, fineTuning, realBatch } = values;
  return {
    iteration,
    images: required('images'),
    imagesPlayer: playerOf(images, withoutPrefix('images.optimizer.', tensors)),
    frequencies: frequencies
      ? {
          network: withoutPrefix('sampling.network.', tensors),
          player: playerOf(frequencies, withoutPrefix('sampling.optimizer.', tensors)),
        }
      : undefined,
    sampler: samplerOf(sampler, required('sampler.orders')),
    random: Buffer.from(random, 'base64'),
    fineTuning: fineTuning ? Buffer.from(fineTuning, 'base64') : undefined,
    realBatch: realBatch ? { ...realBatch, features: required('realBatch.features') } : undefined,
  };
}

function withoutFeatures({ features: _, ...realBatch }: KeptRealBatch): FlatValues['realBatch'] {
  return realBatch;
}

function playerValues({ optimizer, schedule }: ScheduledOptimizerState): OptimizerValues {
  return { step: optimizer.step, schedule };
}

function playerOf(
  { step, schedule }: OptimizerValues,
  tensors: OptimizerState['tensors'],
): ScheduledOptimizerState {
  return { optimizer: { step, tensors }, schedule };
}

function samplerOf(groups: FlatValues['sampler'], orders: Tensor): ClassSamplerState {
  const all = Array.from(orders.toArray(), Number);
  let used = 0;
  return {
    groups: groups.map(({ drawn, length }) => {
      used += length;
      return { drawn, order: all.slice(used - length, used) };
    }),
  };
}
