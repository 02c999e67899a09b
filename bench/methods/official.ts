import type { Tensor } from 'ncfm';
import type { MatchingGradients, MatchingRequest } from 'ncfm/methods';
import { crossEntropy, grad, ops, scope, unflatten } from 'ncfm/tensor';

/**
 * The gradients of matching a trajectory as the official implementations compute them, by LibTorch's operators: MTT's
 * (exact) by a graph through all inner steps, TESLA's (frozen) in two passes, of which the second has the graph of one
 * step. Neither divides a step's images into chunks, and TESLA makes the graph of second order in both passes and keeps
 * the graphs of all augmentations. The network is a ConvNet with instance normalisation.
 */
export function officialGradients(request: MatchingRequest): MatchingGradients {
  return scope(() => (request.adjoint === 'exact' ? unrolled(request) : twoPasses(request)));
}

function unrolled(request: MatchingRequest): MatchingGradients {
  const { steps, start, target } = request;
  const images = request.images.detach().setRequiresGrad(true);
  const stepSize = ops.ones([]).mul(request.stepSize).detach().setRequiresGrad(true);
  let point = start.detach().setRequiresGrad(true);
  for (const { see, labels } of steps) {
    const before = point;
    point = scope(() => {
      const gradient = gradientGraph(request, see(images), labels, before);
      return before.sub(gradient.mul(stepSize));
    });
  }
  const distance = start.sub(target).square().sum();
  const loss = point.sub(target).square().sum().div(distance);
  const [ofImages, ofStepSize] = grad([loss], [images, stepSize]);
  return { loss: loss.item(), images: ofImages!, stepSize: ofStepSize!.item() };
}

function twoPasses(request: MatchingRequest): MatchingGradients {
  const { steps, start, target, stepSize } = request;
  const images = request.images.detach().setRequiresGrad(true);
  const seen = steps.map(({ see }) => see(images));
  const points = [start];
  for (const [index, { labels }] of steps.entries()) {
    const next = scope(() => {
      const point = points[index]!.detach().setRequiresGrad(true);
      return point.sub(gradientGraph(request, seen[index]!, labels, point).mul(stepSize)).detach();
    });
    points.push(next);
  }
  const distance = start.sub(target).square().sum().item();
  const missed = points.at(-1)!.sub(target);
  const direction = missed.mul((-2 * stepSize) / distance);
  const ofImages = ops.zeros(images.shape);
  for (const [index, { labels }] of steps.entries()) {
    scope(() => {
      const point = points[index]!.detach().setRequiresGrad(true);
      const product = gradientGraph(request, seen[index]!, labels, point).mul(direction).sum();
      ofImages.add_(grad([product], [images])[0]!);
    });
  }
  // G = (θ₀ − θ_T) / β
  const ofStepSize = points.at(-1)!.sub(start).mul(missed).sum().item() * (2 / distance / stepSize);
  return {
    loss: missed.square().sum().item() / distance,
    images: ofImages,
    stepSize: ofStepSize,
  };
}

/** The gradient of a step's loss at a point [P], as a graph of what it was computed from. */
function gradientGraph(
  { model }: MatchingRequest,
  seen: Tensor,
  labels: Tensor,
  point: Tensor,
): Tensor {
  return scope(() => {
    const loss = crossEntropy(logits(seen, unflatten(point, model.parameters())), labels);
    return grad([loss], [point], { createGraph: true })[0]!;
  });
}

/** A ConvNet as a function of its parameters: four of each block, two of the classifier. */
function logits(images: Tensor, parameters: readonly Tensor[]): Tensor {
  const [weight, bias] = parameters.slice(-2) as [Tensor, Tensor];
  let x = images;
  for (let first = 0; first + 2 < parameters.length; first += 4) {
    x = block(x, parameters.slice(first, first + 4) as [Tensor, Tensor, Tensor, Tensor]);
  }
  return x.reshape([x.size(0), -1]).linear(weight, bias);
}

function block(x: Tensor, [weight, bias, scale, shift]: [Tensor, Tensor, Tensor, Tensor]): Tensor {
  const convolved = x.conv2d(weight, bias, [1, 1], [1, 1]);
  const normed = ops.groupNorm(convolved, weight.size(0), scale, shift, 1e-5);
  return normed.relu().avgPool2d([2, 2]);
}
