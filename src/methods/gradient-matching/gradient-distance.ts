import { noGrad, scope, type Tensor } from '../../tensor/index.js';

/** Added to the product of two lengths, as in the official code. */
const epsilon = 1e-6;

export interface GradientDistance {
  readonly distance: number;
  /** Of the distance with respect to each of the synthetic images' gradients, in their order and shapes. */
  readonly direction: readonly Tensor[];
}

/**
 * How far two gradients of a network are apart (DC, appendix; the official code's `ours`): over all tensors of at least two
 * dimensions and all their rows, the sum of 1 − ⟨a, b⟩ / (|a||b| + 1e-6), where a row is what one output or channel
 * has as weights. Biases and scales of one dimension count nothing. The caller's scope owns the direction.
 *
 * @param synthetic of the synthetic images, one tensor for each parameter
 * @param real of the real images, likewise
 */
export function gradientDistance(
  synthetic: readonly Tensor[],
  real: readonly Tensor[],
): GradientDistance {
  return scope(() =>
    noGrad(() => {
      const each = synthetic.map((gradient, index) => tensorDistance(gradient, real[index]!));
      const distance = each.reduce((sum, one) => sum + one.distance, 0);
      return { distance, direction: each.map((one) => one.direction) };
    }),
  );
}

function tensorDistance(
  synthetic: Tensor,
  real: Tensor,
): { readonly distance: number; readonly direction: Tensor } {
  const { shape } = synthetic;
  if (shape.length < 2) return { distance: 0, direction: synthetic.mul(0) };
  return scope(() => {
    const a = synthetic.reshape([shape[0]!, -1]);
    const b = real.reshape([shape[0]!, -1]);
    const [lengthA, lengthB] = [lengths(a), lengths(b)];
    const product = a.mul(b).sum([1], true);
    const divisor = lengthA.mul(lengthB).add(epsilon);
    const cosines = product.div(divisor);
    // A row of zeros has no direction of its own: its length is taken to stay as it is.
    const unit = a.div(lengthA.add(lengthA.eq(0).to('float32')));
    const direction = unit.mul(cosines).mul(lengthB).sub(b).div(divisor);
    return {
      distance: shape[0]! - cosines.sum().item(),
      direction: direction.reshape(shape),
    };
  });
}

/** [rows, d] → [rows, 1] */
function lengths(rows: Tensor): Tensor {
  return rows.square().sum([1], true).sqrt();
}
