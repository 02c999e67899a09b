import { parameterGradient, pullBack } from '../../distill/second-order.js';
import type { ImageModel } from '../../models/index.js';
import { flatten, unflatten } from '../../nn/index.js';
import { grad, noGrad, scope, type Tensor, zeros } from '../../tensor/index.js';

/**
 * How the gradient goes back along the inner steps.
 * - exact: through every step, for the gradient of MTT's loss
 * - frozen: as if no step depended on those before it, TESLA's approximation
 */
export const adjoints = ['exact', 'frozen'] as const;
export type Adjoint = (typeof adjoints)[number];

/** The batch of one inner step. */
export interface InnerStep {
  /** What the network sees of all synthetic images: some of them, normalised and augmented. Differentiable, and each time the same. */
  readonly see: (images: Tensor) => Tensor;
  readonly labels: Tensor;
}

export interface MatchingRequest {
  /** Receives the parameters on the way; afterwards it has others than before. */
  readonly model: ImageModel;
  /** Synthetic images [n, c, h, w], decoded. */
  readonly images: Tensor;
  readonly steps: readonly InnerStep[];
  /** θ₀ and θ*, an expert's parameters before and after some epochs: [P]. */
  readonly start: Tensor;
  readonly target: Tensor;
  /** β, of the inner steps. */
  readonly stepSize: number;
  readonly adjoint: Adjoint;
  /** Images differentiated twice at once; results do not depend on it but for the last digits. */
  readonly imagesAtOnce: number;
}

export interface MatchingGradients {
  /** ‖θ_T − θ*‖² / ‖θ₀ − θ*‖² */
  readonly loss: number;
  /** With respect to the images, in their shape. */
  readonly images: Tensor;
  /** With respect to β. */
  readonly stepSize: number;
}

/**
 * How far T steps of plain descent on the synthetic images, θ_{i+1} = θ_i − β·g_i, end from where the expert went
 * (Cazenavette et al., CVPR 2022, eq. 3), and the gradients of that. The steps are taken without a graph and gone back one
 * by one: with λ = ∂L/∂θ_{i+1}, the images of step i get −β·∂⟨g_i, λ⟩/∂x_i, β gets −⟨g_i, λ⟩, and λ becomes
 * λ − β·∂⟨g_i, λ⟩/∂θ_i, in the memory of a single step. TESLA (Cui et al., ICML 2023, eq. 8) is this with λ left as it was
 * at the end; the factor 2 of its derivation, which its code loses for the images, is kept here.
 */
export function matchingGradients(request: MatchingRequest): MatchingGradients {
  const { images, steps, start, target, stepSize, adjoint } = request;
  return scope(() => {
    const distance = start.sub(target).square().sum().item();
    const points = [start];
    for (const step of steps) points.push(nextPoint(request, step, points.at(-1)!));
    const missed = points.pop()!.sub(target);
    const lambda = missed.mul(2 / distance);
    const ofImages = zeros(images.shape, { dtype: images.dtype, device: images.device });
    let ofStepSize = 0;
    for (const [index, step] of [...steps.entries()].reverse()) {
      scope(() => {
        const back = stepBack(request, step, points[index]!, lambda);
        ofImages.add_(back.images, -stepSize);
        ofStepSize -= back.product;
        if (adjoint === 'exact') lambda.add_(flatten(back.parameters), -stepSize);
      });
    }
    return {
      loss: missed.square().sum().item() / distance,
      images: ofImages,
      stepSize: ofStepSize,
    };
  });
}

function nextPoint(
  { model, images, stepSize }: MatchingRequest,
  { see, labels }: InnerStep,
  point: Tensor,
): Tensor {
  return scope(() => {
    moveTo(model, point);
    const gradient = parameterGradient(
      model,
      noGrad(() => see(images)),
      labels,
    );
    return flatten(gradient).mul(-stepSize).add(point);
  });
}

/** ⟨g, λ⟩ at one of the points, and its gradients with respect to all images and the parameters. */
function stepBack(
  { model, images, adjoint, imagesAtOnce }: MatchingRequest,
  { see, labels }: InnerStep,
  point: Tensor,
  lambda: Tensor,
) {
  moveTo(model, point);
  const all = images.detach().setRequiresGrad(true);
  const seen = see(all);
  const back = pullBack({
    model,
    images: seen.detach(),
    labels,
    direction: unflatten(lambda, model.parameters()),
    parameters: adjoint === 'exact',
    imagesAtOnce,
  });
  const [ofAll] = grad([seen], [all], { gradOutputs: [back.images] });
  return { ...back, images: ofAll! };
}

function moveTo(model: ImageModel, point: Tensor): void {
  const parameters = model.parameters();
  noGrad(() =>
    scope(() => {
      for (const [index, value] of unflatten(point, parameters).entries())
        parameters[index]!.copy_(value);
    }),
  );
}
