import type { ImageShape } from '../core/index.js';
import {
  type ConvNetOptions,
  convNetDefaults,
  convNetDepth,
  type ModelOptions,
} from '../models/index.js';
import { walk } from './walk.js';

/** Bytes of a float32. */
export const float = 4;

// The numbers of this file are about how operators are implemented and are found by measurement:
// `node scripts/measure-memory.mjs` compares what they say with what runs take. A change of kernels is a change of them.

/** What the process takes beside tensors. */
export const processMemory = {
  /** Bytes that the engine's libraries, the pictures' and V8 take once they have been used. */
  warm: 80e6,
  /** What the allocator rounds up and keeps of other sizes, as a share of the tensors. */
  spare: 0.2,
  /** Bytes that loading a dataset takes for each of its bytes: files unpacked and copied, until they are collected. */
  loading: 2.4,
} as const;

/** Copies that operators keep or take beside their results. */
export const operatorMemory = {
  /** Copies of an image on its way to the network: bytes to floats, normalised, augmented. */
  imageCopies: 6,
  /** Share of the results of a network's operators that a backward pass keeps: two of three. */
  keptResults: 0.65,
  /** Bytes of the tiles that characteristic functions are computed in, whatever the number of images. */
  projectionTiles: 16e6,
  /** Copies of the frequencies [T, d]: drawn, scaled; with a sampling network also its scales. */
  frequencyCopies: 2,
  learnedFrequencyCopies: 4,
} as const;

/** A ConvNet whose blocks are one operator each; what others take is found by walking through them. */
type FusedConvNet = ConvNetOptions & { readonly name: 'convnet' };

function isFused(model: ModelOptions): model is FusedConvNet {
  if (model.name !== 'convnet') return false;
  const { norm, activation, pooling } = { ...convNetDefaults, ...model };
  return norm === 'instance' && activation === 'relu' && pooling === 'average';
}

/** A block of a ConvNet: what its convolution and its pooling give for one image. */
function convNetBlocks(options: ConvNetOptions, shape: ImageShape) {
  const { depth = 'auto', width = convNetDefaults.width } = options;
  // The first convolution pads 28×28 grey images to 32×32.
  const grown = shape.channels === 1 && shape.height === 28 && shape.width === 28 ? 4 : 0;
  let [rows, columns] = [shape.height + grown, shape.width + grown];
  const blocks = depth === 'auto' ? convNetDepth(shape) : depth;
  return Array.from({ length: blocks }, (_, block) => {
    const convolution = width * rows * columns * float;
    [rows, columns] = [rows >> 1, columns >> 1];
    return {
      inputs: block === 0 ? shape.channels : width,
      convolution,
      pooled: width * rows * columns * float,
    };
  });
}

/**
 * Bytes that one image takes at most on its way through a network: without gradient the pooled maps of all blocks
 * (of which two at a time are there, the first and largest among them); with gradient also what the backward pass needs
 * and makes: the convolutions' results, but for the first, which is computed again, and the largest gradient between two
 * blocks. Other networks than the usual ConvNet are walked through, for 1.0 to 1.4 times what they take.
 */
export function activationBytes(
  model: ModelOptions,
  shape: ImageShape,
  { gradient }: { readonly gradient: boolean },
): number {
  if (!isFused(model)) {
    const { kept, most, largest } = walk(model, shape);
    return gradient ? operatorMemory.keptResults * kept + 2 * largest : most + largest;
  }
  const [first, ...others] = convNetBlocks(model, shape);
  const pooled = [first!, ...others].reduce((sum, block) => sum + block.pooled, 0);
  if (!gradient) return pooled;
  return others.reduce((sum, block) => sum + block.convolution, pooled + first!.pooled);
}

/** The number of features of one image. */
export function featureDimension(model: ModelOptions, shape: ImageShape): number {
  if (!isFused(model)) return walk(model, shape).features;
  return convNetBlocks(model, shape).at(-1)!.pooled / float;
}

/** Bytes of a network's parameters and buffers. */
export function parameterBytes(model: ModelOptions, shape: ImageShape, classes: number): number {
  if (!isFused(model)) {
    const { features, state } = walk(model, shape);
    return state + float * (features + 1) * (classes - 1);
  }
  const { width = 128 } = model;
  const layers = convNetBlocks(model, shape).map(({ inputs }) => (9 * inputs + 3) * width);
  const features = featureDimension(model, shape);
  return float * layers.reduce((sum, layer) => sum + layer, (features + 1) * classes);
}
