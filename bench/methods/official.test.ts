import { RandomGenerator } from 'ncfm';
import { type InnerStep, type MatchingRequest, matchingGradients } from 'ncfm/methods';
import { buildModel } from 'ncfm/models';
import { flatten, scope, type Tensor, tensor } from 'ncfm/tensor';
import { expect, it } from 'vitest';
import { officialGradients } from './official.js';

/** Three steps of a network of depth 2 in batches of four of six images. */
function request(adjoint: MatchingRequest['adjoint']): MatchingRequest {
  const random = new RandomGenerator(4);
  const shape = { channels: 3, height: 16, width: 16 };
  const network = { name: 'convnet', depth: 2, width: 8 } as const;
  const model = buildModel(network, shape, 3, random);
  const start = flatten(model.parameters()).detach();
  const steps = [0, 1, 2].map((): InnerStep => {
    const chosen = random.permutation(6).slice(0, 4);
    const index = tensor(Int32Array.from(chosen));
    const labels = tensor(
      Array.from(chosen, (image) => image % 3),
      [4],
      'int64',
    );
    return { see: (images) => images.indexSelect(0, index).mul(1.1), labels };
  });
  return {
    ...{ model, steps, start, adjoint, stepSize: 0.1, imagesAtOnce: 6 },
    images: random.normal([6, 3, 16, 16]),
    target: start.add(random.normal(start.shape).mul(0.01)),
  };
}

const difference = (a: Tensor, b: Tensor) =>
  scope(() => a.sub(b).square().sum().sqrt().div(b.square().sum().sqrt()).item());

it.each(['exact', 'frozen'] as const)(
  'the official form of the %s gradient has the values of ours',
  (adjoint) =>
    scope(() => {
      const [theirs, ours] = [officialGradients, matchingGradients].map((of) =>
        of(request(adjoint)),
      );
      expect(theirs!.loss / ours!.loss).toBeCloseTo(1, 4);
      expect(theirs!.stepSize / ours!.stepSize).toBeCloseTo(1, 3);
      expect(difference(theirs!.images, ours!.images)).toBeLessThan(1e-3);
    }),
);
