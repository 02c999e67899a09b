/**
 * LibTorch's operators with types: one line per operator, arguments as in LibTorch's own schema. Those whose first
 * argument is a tensor are methods of `Tensor` too. Operators with defaults that JavaScript users expect to leave out
 * (reductions, creation) have a small function of their own.
 */
import { type DType, dtypeCode } from './dtype.js';
import { native } from './native.js';
import { binary, inPlace, op } from './operator.js';
import { type Device, Tensor } from './tensor.js';

type Shape = readonly number[];

// Arithmetic, element by element, with broadcasting.
export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = op<[x: Tensor, exponent: number]>('pow', 'Tensor_Scalar');
export const neg = op<[x: Tensor]>('neg');
export const square = op<[x: Tensor]>('square');
export const sqrt = op<[x: Tensor]>('sqrt');
export const exp = op<[x: Tensor]>('exp');
export const log = op<[x: Tensor]>('log');
export const cos = op<[x: Tensor]>('cos');
export const sin = op<[x: Tensor]>('sin');
export const abs = op<[x: Tensor]>('abs');
export const tanh = op<[x: Tensor]>('tanh');
export const relu = op<[x: Tensor]>('relu');
export const leakyRelu = op<[x: Tensor, slope: number]>('leaky_relu');
export const sigmoid = op<[x: Tensor]>('sigmoid');
/** x · sigmoid(x), also called swish. */
export const silu = op<[x: Tensor]>('silu');
export const gelu = op<[x: Tensor]>('gelu');
export const clamp = op<[x: Tensor, min: number | null, max?: number | null]>('clamp');
export const maximum = op<[x: Tensor, y: Tensor]>('maximum');
export const lerp = op<[start: Tensor, end: Tensor, weight: number]>('lerp', 'Scalar');
export const finiteElements = op<[x: Tensor]>('isfinite');

// Comparison.
export const eq = binary('eq');
export const lt = binary('lt');
export const le = binary('le');
export const gt = binary('gt');
export const ge = binary('ge');
export const where = op<[condition: Tensor, x: Tensor, y: Tensor]>('where', 'self');

// Matrices.
export const matmul = op<[x: Tensor, y: Tensor]>('matmul');
export const transpose = op<[x: Tensor, first: number, second: number]>('transpose', 'int');
export const linear = op<[x: Tensor, weight: Tensor, bias?: Tensor | null]>('linear');

// Shapes and selection.
export const reshape = op<[x: Tensor, shape: Shape]>('reshape');
export const permute = op<[x: Tensor, order: readonly number[]]>('permute');
export const expand = op<[x: Tensor, shape: Shape]>('expand');
export const unsqueeze = op<[x: Tensor, dimension: number]>('unsqueeze');
export const squeeze = op<[x: Tensor, dimension: number]>('squeeze', 'dim');
export const narrow = op<[x: Tensor, dimension: number, start: number, length: number]>('narrow');
export const indexSelect = op<[x: Tensor, dimension: number, index: Tensor]>('index_select');
export const gather = op<[x: Tensor, dimension: number, index: Tensor]>('gather');
export const flip = op<[x: Tensor, dimensions: readonly number[]]>('flip');
export const repeatInterleave = op<[x: Tensor, repeats: number, dimension: number]>(
  'repeat_interleave',
  'self_int',
);
export const contiguous = op<[x: Tensor]>('contiguous');
export const clone = op<[x: Tensor]>('clone');
export const detach = op<[x: Tensor]>('detach');
export const cat = op<[tensors: readonly Tensor[], dimension?: number]>('cat');
export const stack = op<[tensors: readonly Tensor[], dimension?: number]>('stack');
export const oneHot = op<[labels: Tensor, classes: number]>('one_hot');

/** Pads the last dimensions with `value`; `padding` lists [left, right] from the last dimension backwards. */
export const pad = op<[x: Tensor, padding: readonly number[], value?: number]>('constant_pad_nd');

// Networks.
export const conv2d =
  op<
    [
      x: Tensor,
      weight: Tensor,
      bias: Tensor | null,
      stride?: Shape,
      padding?: Shape,
      dilation?: Shape,
      groups?: number,
    ]
  >('conv2d');
export const avgPool2d = op<[x: Tensor, kernel: Shape, stride?: Shape]>('avg_pool2d');
export const maxPool2d =
  op<[x: Tensor, kernel: Shape, stride?: Shape, padding?: Shape]>('max_pool2d');
export const groupNorm =
  op<[x: Tensor, groups: number, weight: Tensor | null, bias: Tensor | null, epsilon?: number]>(
    'group_norm',
  );
/** Over the last dimensions, which have the sizes of `shape`. */
export const layerNorm =
  op<[x: Tensor, shape: Shape, weight: Tensor | null, bias: Tensor | null, epsilon?: number]>(
    'layer_norm',
  );
export const batchNorm =
  op<
    [
      x: Tensor,
      weight: Tensor | null,
      bias: Tensor | null,
      runningMean: Tensor | null,
      runningVariance: Tensor | null,
      training: boolean,
      momentum: number,
      epsilon: number,
      cudnnEnabled: boolean,
    ]
  >('batch_norm');
/**
 * Ours (native/kernels, native/cuda): convolution with stride 1, instance normalisation, ReLU and 2×2 average pooling in one
 * operator, with gradients: [n, c, h, w] → [n, outputs, ⌊h'/2⌋, ⌊w'/2⌋].
 */
export const convolutionBlock =
  op<
    [
      x: Tensor,
      weight: Tensor,
      bias: Tensor,
      normWeight: Tensor,
      normBias: Tensor,
      padding: number,
      epsilon: number,
    ]
  >('ncfm::convolution_block');
/**
 * Ours (native/kernels): `convolutionBlock` and its derivative when x (unless its tangent is null) and the parameters move
 * along their tangents, with first-order gradients of both results with respect to x, its tangent and the parameters;
 * float32 on the CPU alone.
 */
export const convolutionBlockTangent = op<
  [
    x: Tensor,
    xTangent: Tensor | null,
    weight: Tensor,
    weightTangent: Tensor,
    bias: Tensor,
    normWeight: Tensor,
    normWeightTangent: Tensor,
    normBias: Tensor,
    normBiasTangent: Tensor,
    padding: number,
    epsilon: number,
  ],
  [pooled: Tensor, tangent: Tensor]
>('ncfm::convolution_block_tangent');
/** How a GPU multiplies in `characteristicMeans`. */
export type ProjectionPrecision = 'single' | 'tf32x3' | 'tf32' | 'bfloat16';
/**
 * Ours (native/kernels, native/cuda): the means of cos⟨t, f⟩ and of sin⟨t, f⟩ over each of `groups` groups of rows f of `features`
 * [groups · n, d], for every row t of `frequencies` [T, d], with gradients; both results are [groups, T]. On a GPU that has
 * our kernels, `precision` says how ⟨t, f⟩ is multiplied: in single precision unless told otherwise, on tensor cores
 * rounded to eleven bits ('tf32') or eight ('bfloat16'), or on them with single precision's accuracy ('tf32x3'). Cards
 * before compute capability 8.0 and other devices take no notice.
 */
export const characteristicMeans = op<
  [features: Tensor, frequencies: Tensor, groups: number, precision?: ProjectionPrecision],
  [cosines: Tensor, sines: Tensor]
>('ncfm::characteristic_function');
/**
 * Ours (native/kernels): `rounds` of multiply-adds in registers on every thread. What it does in a second is the most that
 * single precision can on this processor; the result is the number of operations, two for each multiply-add.
 */
export const multiplyAdds = op<[rounds: number], number>('ncfm::multiply_adds');
export const upsampleBilinear =
  op<[x: Tensor, size: Shape, alignCorners: boolean]>('upsample_bilinear2d');
/** The same with antialiasing: where it makes smaller, a pixel averages all that it covers. */
export const resizeAntialiased =
  op<[x: Tensor, size: Shape, alignCorners: boolean]>('_upsample_bilinear2d_aa');
/** Pixel i of a side is pixel ⌊i · from / to⌋. */
export const resizeNearest = op<[x: Tensor, size: Shape]>('upsample_nearest2d');

/** Samples [n, c, h, w] at grid positions [n, h', w', 2] in [-1, 1]; mode 0 bilinear, padding 0 zeros. */
export const gridSample =
  op<[x: Tensor, grid: Tensor, mode: number, paddingMode: number, alignCorners: boolean]>(
    'grid_sampler',
  );
/** Sampling positions [n, h, w, 2] of the affine maps `theta` [n, 2, 3]. */
export const affineGrid =
  op<[theta: Tensor, size: Shape, alignCorners: boolean]>('affine_grid_generator');

// In place; only under `noGrad` or on tensors that need no gradient.
const addTensor_ = inPlace<[x: Tensor, y: Tensor, alpha?: number]>('add_', 'Tensor');
const mulScalar_ = inPlace<[x: Tensor, y: number]>('mul_', 'Scalar');
export const copy_ = inPlace<[x: Tensor, source: Tensor]>('copy_');
export const clamp_ = inPlace<[x: Tensor, min: number | null, max?: number | null]>('clamp_');
export const zero_ = inPlace<[x: Tensor]>('zero_');
export const addcmul_ = inPlace<[x: Tensor, y: Tensor, z: Tensor, value: number]>('addcmul_');
export const addcdiv_ = inPlace<[x: Tensor, y: Tensor, z: Tensor, value: number]>('addcdiv_');
export const lerp_ = inPlace<[x: Tensor, end: Tensor, weight: number]>('lerp_', 'Scalar');
/** x += scale · y */
export const add_ = (x: Tensor, y: Tensor, scale = 1): Tensor => addTensor_(x, y, scale);
/** x *= factor */
export const mul_ = (x: Tensor, factor: number): Tensor => mulScalar_(x, factor);

// Reductions: over the dimensions given, or over all.
const sumOver = op<[Tensor, Shape | null, boolean]>('sum', 'dim_IntList');
const meanOver = op<[Tensor, Shape | null, boolean]>('mean', 'dim');
const largest = op<[Tensor, Shape, boolean]>('amax');
const positionOfLargest = op<[Tensor, number, boolean]>('argmax');
const softmaxOver = op<[Tensor, number]>('softmax', 'int');
const logSoftmaxOver = op<[Tensor, number]>('log_softmax', 'int');

const everyDimension = (x: Tensor): number[] => x.shape.map((_, dimension) => dimension);

export const sum = (x: Tensor, dimensions?: Shape, keepDimensions = false): Tensor =>
  sumOver(x, dimensions ?? everyDimension(x), keepDimensions);
export const mean = (x: Tensor, dimensions?: Shape, keepDimensions = false): Tensor =>
  meanOver(x, dimensions ?? everyDimension(x), keepDimensions);
export const max = (x: Tensor, dimensions?: Shape, keepDimensions = false): Tensor =>
  largest(x, dimensions ?? everyDimension(x), keepDimensions);
export const argmax = (x: Tensor, dimension: number): Tensor =>
  positionOfLargest(x, dimension, false);
export const softmax = (x: Tensor, dimension: number): Tensor => softmaxOver(x, dimension);
export const logSoftmax = (x: Tensor, dimension: number): Tensor => logSoftmaxOver(x, dimension);

// Element type and device.
const toDtype = op<[Tensor, number]>('to', 'dtype');
const toDevice = op<[Tensor, Device, number]>('to', 'device');

export const to = (x: Tensor, dtype: DType): Tensor => toDtype(x, dtypeCode(dtype));
/** Copies to a device; the same tensor again when it is there already. */
export const toDeviceOf = (x: Tensor, device: Device): Tensor =>
  toDevice(x, device, native.dtype(x.handle));

// Creation.
export interface CreationOptions {
  readonly dtype?: DType;
  readonly device?: Device;
}
const filled = op<[Shape, number, number, null, Device]>('full');
const range = op<[number, number, null, Device]>('arange');

/** A tensor of `shape` filled with `value` (float32 on the CPU unless said otherwise). */
export const full = (
  shape: Shape,
  value: number,
  { dtype = 'float32', device = 'cpu' }: CreationOptions = {},
): Tensor => filled(shape, value, dtypeCode(dtype), null, device);
export const zeros = (shape: Shape, options?: CreationOptions): Tensor => full(shape, 0, options);
export const ones = (shape: Shape, options?: CreationOptions): Tensor => full(shape, 1, options);
/** 0, 1, …, length − 1. */
export const arange = (
  length: number,
  { dtype = 'int64', device = 'cpu' }: CreationOptions = {},
): Tensor => range(length, dtypeCode(dtype), null, device);

const methods = {
  add, sub, mul, div, pow, neg, square, sqrt, exp, log, cos, sin, abs, tanh, relu, leakyRelu, sigmoid, silu, gelu,
  clamp, maximum, lerp, finiteElements, eq, lt, le, gt, ge, matmul, transpose, linear, reshape, permute, expand,
  unsqueeze, squeeze, narrow, indexSelect, gather, flip, repeatInterleave, contiguous, clone, detach, pad, conv2d, avgPool2d, maxPool2d,
  groupNorm, layerNorm, upsampleBilinear, gridSample, add_, mul_, copy_, clamp_, zero_, addcmul_, addcdiv_, lerp_,
  sum, mean, max, argmax, softmax, logSoftmax, to,
}; // biome-ignore format: a list reads better than a column

type Method<Operator> = Operator extends (x: Tensor, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;
type Methods = { [Name in keyof typeof methods]: Method<(typeof methods)[Name]> };

declare module './tensor.js' {
  interface Tensor extends Methods {}
}

for (const [name, operator] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return (operator as (...values: unknown[]) => unknown)(this, ...rest);
    },
  });
}
