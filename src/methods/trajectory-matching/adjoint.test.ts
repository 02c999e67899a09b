import { describe, expect, it } from 'vitest';
import { buildModel } from '../../models/index.js';
import { crossEntropy, flatten, unflatten } from '../../nn/index.js';
import { grad, liveTensors, noGrad, scope, type Tensor } from '../../tensor/index.js';
import { op } from '../../tensor/operator.js';
import { avgPool2d, conv2d, groupNorm } from '../../tensor/ops.js';
import { expectNear } from '../../tensor/testing/compare.js';
import { RandomGenerator, tensor } from '../../tensor/testing/on-device.js';
import {
  type Adjoint,
  type InnerStep,
  type MatchingGradients,
  type MatchingRequest,
  matchingGradients,
} from './adjoint.js';

const setData = op<[x: Tensor, values: Tensor], unknown>('set_data');

const [count, classes, width, innerSteps] = [6, 3, 4, 5];

/** Five steps of a network of depth 1 in batches of four images, which are stretched a little differently at each step. */
function request(dtype: 'float32' | 'float64', stepSize = 0.3): MatchingRequest {
  const random = new RandomGenerator(4);
  const shape = { channels: 2, height: 8, width: 8 };
  const model = buildModel({ name: 'convnet', depth: 1, width }, shape, classes, random);
  for (const parameter of model.parameters()) noGrad(() => setData(parameter, parameter.to(dtype)));
  const [start, way] = [0, 1].map(() =>
    random.normal([flatten(model.parameters()).length], dtype).mul(0.3),
  );
  const steps = Array.from({ length: innerSteps }, (_, step): InnerStep => {
    const chosen = random.permutation(count).slice(0, 4);
    const index = tensor(Int32Array.from(chosen));
    return {
      see: (images) =>
        images
          .indexSelect(0, index)
          .mul(1 + 0.1 * step)
          .sub(0.2),
      labels: tensor(
        Array.from(chosen, (image) => image % classes),
        [4],
        'int64',
      ),
    };
  });
  return {
    model,
    images: random.normal([count, 2, 8, 8], dtype),
    steps,
    start: start!,
    target: start!.add(way!),
    stepSize,
    adjoint: 'exact',
    imagesAtOnce: count,
  };
}

/** The network of `request` as a function of its parameters. */
function logits(images: Tensor, [weight, bias, scale, shift, linear, offset]: Tensor[]): Tensor {
  const convolved = conv2d(images, weight!, bias!, [1, 1], [1, 1]);
  const units = avgPool2d(groupNorm(convolved, width, scale!, shift!).relu(), [2, 2]);
  return units.reshape([units.size(0), -1]).linear(linear!, offset!);
}

/** L by a graph through all steps, or, for TESLA, through each step's images and the step size alone. */
function unrolled(given: MatchingRequest): MatchingGradients {
  const { model, steps, start, target, adjoint } = given;
  return scope(() => {
    const images = given.images.detach().setRequiresGrad(true);
    const stepSize = start.sum().mul(0).add(given.stepSize).detach().setRequiresGrad(true);
    let point = start.detach().setRequiresGrad(true);
    let travelled = start;
    for (const { see, labels } of steps) {
      const loss = crossEntropy(logits(see(images), unflatten(point, model.parameters())), labels);
      const [gradient] = grad([loss], [point], { createGraph: true });
      travelled = travelled.sub(gradient!.mul(stepSize));
      point = adjoint === 'exact' ? travelled : travelled.detach().setRequiresGrad(true);
    }
    const distance = start.sub(target).square().sum();
    const loss = travelled.sub(target).square().sum().div(distance);
    const [ofImages, ofStepSize] = grad([loss], [images, stepSize]);
    return { loss: loss.item(), images: ofImages!, stepSize: ofStepSize!.item() };
  });
}

function expectSame(actual: MatchingGradients, expected: MatchingGradients, tolerance: number) {
  for (const key of ['loss', 'stepSize'] as const)
    expect(Math.abs(actual[key] / expected[key] - 1)).toBeLessThan(tolerance);
  expectNear(actual.images, expected.images, tolerance);
}

describe('the gradients of matching a trajectory', () => {
  it.each<[string, Adjoint, 'float32' | 'float64', number]>([
    ['are exact', 'exact', 'float64', 1e-10],
    ['are exact in single precision', 'exact', 'float32', 1e-4],
    ['are TESLA’s, of which each step’s parameters are constants', 'frozen', 'float64', 1e-10],
  ])('%s', (_, adjoint, dtype, tolerance) => {
    const given = { ...request(dtype), adjoint };
    expectSame(matchingGradients(given), unrolled(given), tolerance);
  });

  it('are the slopes of the loss', () => {
    const given = request('float64');
    const { images, stepSize } = matchingGradients(given);
    const along = new RandomGenerator(8).normal(images.shape, 'float64');
    const slope = (change: (step: number) => Partial<MatchingRequest>): number => {
      const [ahead, behind] = [1e-5, -1e-5].map(
        (step) => matchingGradients({ ...given, ...change(step) }).loss,
      );
      return (ahead! - behind!) / 2e-5;
    };
    const ofImages = slope((step) => ({ images: given.images.add(along.mul(step)) }));
    expect(ofImages / images.mul(along).sum().item()).toBeCloseTo(1, 6);
    expect(slope((step) => ({ stepSize: given.stepSize + step })) / stepSize).toBeCloseTo(1, 6);
  });

  it('have the factor 2 of TESLA’s formula, which its code loses', () => {
    const given = { ...request('float64'), adjoint: 'frozen' as const };
    const [step] = given.steps;
    const one = { ...given, steps: [step!] };
    // With a single step ∂L/∂x = −(2β/D)·∂⟨θ_T − θ*, g⟩/∂x with the first factor held, by hand.
    const expected = scope(() => {
      const images = given.images.detach().setRequiresGrad(true);
      const point = given.start.detach().setRequiresGrad(true);
      const seen = logits(step!.see(images), unflatten(point, given.model.parameters()));
      const [g] = grad([crossEntropy(seen, step!.labels)], [point], { createGraph: true });
      const missed = given.start.sub(g!.detach().mul(given.stepSize)).sub(given.target);
      const weight = (-2 * given.stepSize) / given.start.sub(given.target).square().sum().item();
      return grad([missed.mul(g!).sum().mul(weight)], [images])[0]!;
    });
    expectNear(matchingGradients(one).images, expected, 1e-10);
  });

  it.each<Adjoint>(['exact', 'frozen'])('do not depend on chunks of images: %s', (adjoint) => {
    const given = { ...request('float32'), adjoint };
    const whole = matchingGradients(given);
    expectSame(matchingGradients({ ...given, imagesAtOnce: 3 }), whole, 1e-5);
    expectSame(matchingGradients({ ...given, imagesAtOnce: 1 }), whole, 1e-5);
  });

  it('leave no tensors behind but their own', () => {
    const given = request('float32');
    const before = liveTensors();
    matchingGradients(given).images.dispose();
    expect(liveTensors()).toBe(before);
  });
});
