import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { buildModel, type ModelOptions } from '../models/index.js';
import { softCrossEntropy } from '../nn/index.js';
import {
  cat,
  grad,
  liveTensors,
  noGrad,
  oneHot,
  scope,
  setThreads,
  type Tensor,
  threads,
} from '../tensor/index.js';
import { op } from '../tensor/operator.js';
import { expectNear } from '../tensor/testing/compare.js';
import { describeOnHost, RandomGenerator } from '../tensor/testing/on-device.js';
import { type PullBack, type PullBackRequest, parameterGradient, pullBack } from './index.js';

const classes = 3;
const count = 5;

interface Case {
  readonly side: readonly [height: number, width: number];
  readonly channels: number;
  readonly model: ModelOptions;
}

const setData = op<[x: Tensor, values: Tensor], unknown>('set_data');

/** A network with parameters in general position, images, soft labels and a direction, in double precision. */
function exactCase({ side: [height, width], channels, model: options }: Case) {
  // Of a seed that leaves no unit so near the kink of ReLU that the precisions take its two sides.
  const random = new RandomGenerator(5);
  const model = buildModel(options, { channels, height, width }, classes, random);
  for (const parameter of model.parameters()) {
    const noise = random.normal(parameter.shape, 'float64').mul(0.1);
    noGrad(() => setData(parameter, parameter.to('float64').add(noise)));
  }
  return {
    model,
    images: random.normal([count, channels, height, width], 'float64'),
    labels: random.normal([count, classes], 'float64').softmax(1),
    direction: model.parameters().map(({ shape }) => random.normal(shape, 'float64')),
  };
}

const flat = (tensors: readonly Tensor[]): Tensor => cat(tensors.map((each) => each.reshape([-1])));

function expectSame(actual: PullBack, expected: PullBack, tolerance: number): void {
  const relative = Math.abs(actual.product - expected.product) / Math.abs(expected.product);
  expect(relative).toBeLessThan(tolerance);
  expectNear(actual.images.to('float64'), expected.images, tolerance);
  expectNear(flat(actual.parameters).to('float64'), flat(expected.parameters), tolerance);
}

/** The same from first-order gradients at both sides of the parameters: derivatives along v may change places. */
function byDifferences({ model, images, labels, direction }: PullBackRequest): PullBack {
  // So small that no unit's ReLU has its kink in between: LibTorch's gradients do not know of kinks.
  const epsilon = 1e-8;
  const move = (step: number) =>
    noGrad(() => {
      for (const [index, parameter] of model.parameters().entries())
        parameter.add_(direction[index]!, step);
    });
  const at = (step: number): Tensor[] => {
    move(step);
    const x = images.detach().setRequiresGrad(true);
    const loss = softCrossEntropy(model.logits(x), labels);
    const gradients = grad([loss], [x, ...model.parameters()]);
    move(-step);
    return [loss.detach(), ...gradients];
  };
  const behind = at(-epsilon);
  const [product, ofImages, ...parameters] = at(epsilon).map((ahead, index) =>
    ahead.sub(behind[index]!).div(2 * epsilon),
  );
  return { product: product!.item(), images: ofImages!, parameters };
}

const convNets: Case[] = [
  { side: [8, 8], channels: 3, model: { name: 'convnet', depth: 1, width: 4 } },
  { side: [8, 8], channels: 3, model: { name: 'convnet', depth: 2, width: 8 } },
  { side: [28, 28], channels: 1, model: { name: 'convnet', depth: 3, width: 32 } },
  { side: [13, 10], channels: 2, model: { name: 'convnet', depth: 2, width: 20 } },
];
const others: Case[] = [
  { side: [8, 8], channels: 1, model: { name: 'convnet', depth: 2, width: 4, norm: 'layer' } },
  { side: [8, 8], channels: 2, model: { name: 'mlp' } },
];

/** The same in single precision; the model is changed. */
function inSinglePrecision({ model, images, labels, direction }: PullBackRequest): PullBackRequest {
  const single = (x: Tensor) => x.to('float32');
  for (const parameter of model.parameters()) setData(parameter, single(parameter));
  return {
    model,
    images: single(images),
    labels: single(labels),
    direction: direction.map(single),
    parameters: true,
  };
}

const named = (cases: readonly Case[]) =>
  cases.map((each) => [JSON.stringify(each.model), each.side.join('×'), each] as const);

describe.each(named([...convNets, ...others]))(
  'pullBack through %s on %s',
  (_name, _side, size) => {
    const request = { ...exactCase(size), parameters: true };

    it('has the slope of the loss along the direction, and its gradients', () => {
      expectSame(pullBack(request), byDifferences(request), 1e-6);
    });
  },
);

describeOnHost.each(named(convNets))('the operators for it in %s on %s', (_name, _side, size) => {
  const exact = exactCase(size);
  const expected = pullBack({ ...exact, parameters: true });
  const request = inSinglePrecision(exact);

  it('are there', () => {
    const moves = new Map(
      request.model.parameters().map((each, i) => [each, request.direction[i]!]),
    );
    expect(request.model.moveLogits(request.images, moves)).toBeDefined();
  });

  it('give what the graph gives in double precision', () => {
    expectSame(pullBack(request), expected, 1e-4);
    expectSame(pullBack({ ...request, means: 'graph' }), expected, 1e-4);
  });

  it.each([1, 2, 3])('give it on %i threads', (count) => {
    const before = threads();
    setThreads(count);
    try {
      expectSame(pullBack(request), expected, 1e-4);
    } finally {
      setThreads(before);
    }
  });
});

describe('pullBack', () => {
  const random = new RandomGenerator(5);
  const build = (norm: 'instance' | 'batch') =>
    buildModel(
      { name: 'convnet', depth: 2, width: 8, norm },
      { channels: 3, height: 8, width: 8 },
      classes,
      random,
    );
  const model = build('instance');
  const request = {
    model,
    images: random.normal([count, 3, 8, 8]),
    labels: random.normal([count]).mul(0).to('int64'),
    direction: model.parameters().map(({ shape }) => random.normal(shape)),
    parameters: true,
  };

  it('is of the gradient that parameterGradient gives', () => {
    const gradients = parameterGradient(model, request.images, request.labels);
    const { product } = pullBack(request);
    expectNear(
      flat(gradients).mul(flat(request.direction)).sum(),
      flat(gradients).sum().mul(0).add(product),
      1e-5,
    );
  });

  it('takes distributions as labels', () => {
    const labels = oneHot(request.labels, classes).to('float32');
    expectSame(pullBack({ ...request, labels }), pullBack(request), 1e-6);
  });

  it.each([1, 2, 4])('does not depend on taking %i images at once', (imagesAtOnce) => {
    expectSame(pullBack({ ...request, imagesAtOnce }), pullBack(request), 1e-5);
  });

  it('gives the same gradient of the images without that of the parameters', () => {
    const { images, parameters } = pullBack({ ...request, parameters: false });
    expect(parameters).toEqual([]);
    expectNear(images, pullBack(request).images, 1e-6);
  });

  it('leaves only its results behind', () => {
    scope(() => {
      const before = liveTensors();
      pullBack({ ...request, imagesAtOnce: 2 });
      expect(liveTensors()).toBe(before + 1 + model.parameters().length);
    });
  });

  it('refuses batch normalisation', () => {
    const refused = () => pullBack({ ...request, model: build('batch') });
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(/which batch normalisation.*does not allow/);
  });
});
