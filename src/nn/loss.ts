import { arange, gpuOptions, scope, type Tensor } from '../tensor/index.js';

/** Mean cross-entropy of `logits` [n, classes] with integer labels [n] (int64), in nats; a scalar. */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return scope(() => {
    const logarithms = logits.logSoftmax(1);
    // A GPU adds up what is gathered twice in any order.
    const deterministic = logits.device !== 'cpu' && gpuOptions().deterministic;
    const own = deterministic
      ? logarithms.mul(isLabel(labels, logits)).sum([1])
      : logarithms.gather(1, labels.unsqueeze(1));
    return own.mean().neg();
  });
}

/** 1 at each row's label, and 0 elsewhere. */
function isLabel(labels: Tensor, { device, dtype, shape }: Tensor): Tensor {
  return labels.unsqueeze(1).eq(arange(shape[1]!, { device })).to(dtype);
}

/**
 * Mean cross-entropy of `logits` [n, classes] with target distributions [n, classes] (rows sum to 1), in nats; a
 * scalar. Equals `crossEntropy` for one-hot rows.
 */
export function softCrossEntropy(logits: Tensor, target: Tensor): Tensor {
  return scope(() => logits.logSoftmax(1).mul(target).sum([1]).mean().neg());
}

/** The number of rows of `logits` [n, classes] whose largest entry is at the label [n] (int64); a scalar. */
export function countCorrect(logits: Tensor, labels: Tensor): Tensor {
  return scope(() => logits.argmax(1).eq(labels).to('float32').sum());
}

/** The same as a number. */
export function correctPredictions(logits: Tensor, labels: Tensor): number {
  using count = countCorrect(logits, labels);
  return count.item();
}
