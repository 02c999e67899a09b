import { scope, type Tensor } from '../tensor/index.js';

/** Mean cross-entropy of `logits` [n, classes] with integer labels [n] (int64), in nats; a scalar. */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return scope(() => logits.logSoftmax(1).gather(1, labels.unsqueeze(1)).mean().neg());
}

/**
 * Mean cross-entropy of `logits` [n, classes] with target distributions [n, classes] (rows sum to 1), in nats; a
 * scalar. Equals `crossEntropy` for one-hot rows.
 */
export function softCrossEntropy(logits: Tensor, target: Tensor): Tensor {
  return scope(() => logits.logSoftmax(1).mul(target).sum([1]).mean().neg());
}

/** The number of rows of `logits` [n, classes] whose largest entry is at the label [n] (int64). */
export function correctPredictions(logits: Tensor, labels: Tensor): number {
  using count = scope(() => logits.argmax(1).eq(labels).to('float32').sum());
  return count.item();
}
