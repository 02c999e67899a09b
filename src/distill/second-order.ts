import { UsageError } from '../core/index.js';
import type { ImageModel } from '../models/index.js';
import { crossEntropy, type Mode, softCrossEntropy } from '../nn/index.js';
import { cat, grad, oneHot, scope, type Tensor } from '../tensor/index.js';

/**
 * ∇θℓ, the gradient of the mean cross-entropy ℓ with respect to the parameters of `model`, in their order: what networks
 * learn from images, and methods that match gradients or trajectories compare. `images` are normalised and augmented,
 * [n, c, h, w]; `labels` are int64 [n], or distributions [n, classes] whose rows sum to 1.
 */
export function parameterGradient(model: ImageModel, images: Tensor, labels: Tensor): Tensor[] {
  return scope(() => grad([meanLoss(model, images, labels)], model.parameters()));
}

/** Images, labels and ℓ are those of `parameterGradient`. */
export interface PullBackRequest {
  /** Its parameters require gradients. */
  readonly model: ImageModel;
  readonly images: Tensor;
  readonly labels: Tensor;
  /** v, in the order and shapes of the parameters; a constant. */
  readonly direction: readonly Tensor[];
  /** Whether the gradient with respect to the parameters is wanted too; by default it is not. */
  readonly parameters?: boolean;
  /** Images in memory at once, all by default; results do not depend on it but for the last digits. */
  readonly imagesAtOnce?: number;
  /**
   * A graph of the gradient works everywhere; `fastest`, the default, differentiates the slope of the loss along v instead
   * where the network has operators for it.
   */
  readonly means?: 'fastest' | 'graph';
}

export interface PullBack {
  /** ⟨∇θℓ, v⟩ */
  readonly product: number;
  /** ∂⟨∇θℓ, v⟩/∂images, in their shape. */
  readonly images: Tensor;
  /** ∂⟨∇θℓ, v⟩/∂θ, the Hessian of ℓ times v; empty when not asked for. */
  readonly parameters: readonly Tensor[];
}

/**
 * Differentiates the parameters' gradient, weighted by a direction, with respect to what it was computed from. Throws
 * UsageError for a network with batch normalisation, where the gradient of a batch is no sum over its images.
 */
export function pullBack(request: PullBackRequest): PullBack {
  const { model, images, labels, imagesAtOnce = images.size(0) } = request;
  requireNoStatistics(model);
  return scope(() => {
    const n = images.size(0);
    const parts: PullBack[] = [];
    for (let first = 0; first < n; first += imagesAtOnce) {
      const length = Math.min(imagesAtOnce, n - first);
      const [some, their] = [images, labels].map((all) => all.narrow(0, first, length));
      parts.push(pullBackSome({ ...request, images: some!, labels: their! }, length / n));
    }
    return {
      product: parts.reduce((sum, part) => sum + part.product, 0),
      images: cat(parts.map((part) => part.images)),
      parameters: parts
        .map((part) => part.parameters)
        .reduce((sums, terms) => sums.map((sum, index) => sum.add_(terms[index]!))),
    };
  });
}

/** For some of the images, whose mean loss has the weight `share` in ℓ. */
function pullBackSome(request: PullBackRequest, share: number): PullBack {
  const { model, parameters = false } = request;
  return scope(() => {
    const images = request.images.detach().setRequiresGrad(true);
    const product = slope({ ...request, images }).mul(share);
    const inputs = [images, ...(parameters ? model.parameters() : [])];
    const [ofImages, ...ofParameters] = grad([product], inputs);
    return { product: product.item(), images: ofImages!, parameters: ofParameters };
  });
}

/** ⟨∇θℓ, v⟩, which is the slope of ℓ along v, as a scalar that can be differentiated. */
function slope(request: PullBackRequest): Tensor {
  const { model, images, labels, direction, means = 'fastest' } = request;
  const moves = new Map(
    model.parameters().map((parameter, index) => [parameter, direction[index]!]),
  );
  const scores = means === 'fastest' ? model.moveLogits(images, moves) : undefined;
  if (scores === undefined) return graphOfSlope(request);
  const { value, tangent } = scores;
  const target = labels.dtype === 'int64' ? oneHot(labels, value.size(1)) : labels;
  return value.softmax(1).sub(target).mul(tangent).sum([1]).mean();
}

function graphOfSlope({ model, images, labels, direction }: PullBackRequest): Tensor {
  const loss = meanLoss(model, images, labels, { kind: 'twice-differentiable' });
  return grad([loss], model.parameters(), { createGraph: true })
    .map((gradient, index) => gradient.mul(direction[index]!).sum())
    .reduce((sum, term) => sum.add(term));
}

function meanLoss(model: ImageModel, images: Tensor, labels: Tensor, mode?: Mode): Tensor {
  return scope(() => {
    const logits = model.logits(images, mode);
    return labels.dtype === 'int64'
      ? crossEntropy(logits, labels)
      : softCrossEntropy(logits, labels);
  });
}

/**
 * Throws UsageError for a network with batch normalisation. Buffers are running statistics: it has them and nothing else.
 */
export function requireNoStatistics(model: ImageModel): void {
  if (model.state().size === model.parameters().length) return;
  throw new UsageError(
    'gradients are matched image by image, which batch normalisation, whose statistics are those of a batch, does not allow; use a network with another normalisation, e.g. norm: instance',
  );
}
