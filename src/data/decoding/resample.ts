import type { Size } from './geometry.js';

/** Interleaved pixels: [height, width, 3], uint8. */
export interface ColourPixels extends Size {
  readonly values: Uint8Array;
}

/**
 * PIL's bilinear scaling with antialiasing, to the bit: the weights are a triangle as wide as two pixels of the
 * coarser side, in fixed point with 22 bits, and the rows are scaled before the columns, rounded to bytes between
 * (Pillow's Resample.c).
 *
 * @param crop the part of the scaled picture to compute; nothing else of it costs anything.
 */
export function resampleLikePil(
  from: ColourPixels,
  scaled: Size,
  crop: Size & { readonly left: number; readonly top: number },
): ColourPixels {
  const columns = triangleWeights(from.width, scaled.width, crop.left, crop.width);
  const rows = triangleWeights(from.height, scaled.height, crop.top, crop.height);
  const wide = new Uint8Array(from.height * crop.width * 3);
  scaleRows(from, columns, wide);
  const values = new Uint8Array(crop.height * crop.width * 3);
  scaleColumns(wide, crop.width * 3, rows, values);
  return { width: crop.width, height: crop.height, values };
}

/** For each output position, the inputs that it averages. */
interface Weights {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** [outputs, most], of which `count` are used. */
  readonly factors: Int32Array;
  readonly most: number;
}

const fractionBits = 22;
const half = 2 ** (fractionBits - 1);

function triangleWeights(from: number, to: number, start: number, length: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const most = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const factors = new Int32Array(length * most);
  for (let output = 0; output < length; output++) {
    const center = (start + output + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const high = Math.min(from, Math.trunc(center + support + 0.5));
    const weights = Array.from({ length: high - low }, (_, tap) =>
      Math.max(0, 1 - Math.abs((low + tap - center + 0.5) / support)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    first[output] = low;
    count[output] = high - low;
    weights.forEach((weight, tap) => {
      factors[output * most + tap] = Math.trunc(0.5 + (weight / sum) * 2 ** fractionBits);
    });
  }
  return { first, count, factors, most };
}

function scaleRows(from: ColourPixels, weights: Weights, wide: Uint8Array): void {
  const { first, count, factors, most } = weights;
  const { values, width, height } = from;
  let target = 0;
  for (let row = 0; row < height; row++) {
    for (let output = 0; output < first.length; output++) {
      let source = (row * width + first[output]!) * 3;
      let red = half;
      let green = half;
      let blue = half;
      const end = output * most + count[output]!;
      for (let tap = output * most; tap < end; tap++) {
        const factor = factors[tap]!;
        red += values[source]! * factor;
        green += values[source + 1]! * factor;
        blue += values[source + 2]! * factor;
        source += 3;
      }
      wide[target] = red >> fractionBits;
      wide[target + 1] = green >> fractionBits;
      wide[target + 2] = blue >> fractionBits;
      target += 3;
    }
  }
}

/** rowLength: values in a row of both pictures. */
function scaleColumns(
  wide: Uint8Array,
  rowLength: number,
  weights: Weights,
  values: Uint8Array,
): void {
  const { first, count, factors, most } = weights;
  const sums = new Int32Array(rowLength);
  for (let output = 0; output < first.length; output++) {
    sums.fill(half);
    for (let tap = 0; tap < count[output]!; tap++) {
      const factor = factors[output * most + tap]!;
      const source = (first[output]! + tap) * rowLength;
      for (let column = 0; column < rowLength; column++) {
        sums[column]! += wide[source + column]! * factor;
      }
    }
    const target = output * rowLength;
    for (let column = 0; column < rowLength; column++) {
      values[target + column] = sums[column]! >> fractionBits;
    }
  }
}
