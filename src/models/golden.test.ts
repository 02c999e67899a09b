import { describe, expect, it } from 'vitest';
import type { ImageShape } from '../core/image-shape.js';
import { evaluation, type Mode } from '../nn/index.js';
import { grad, loadSafetensors, type Tensor } from '../tensor/index.js';
import { expectNear, numbers, relativeError } from '../tensor/testing/compare.js';
import { golden, goldenPath } from '../tensor/testing/golden.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { buildModel, type ImageModel, type ModelOptions } from './index.js';
import { hashedTensor, nameHash } from './testing/hashed.js';

interface Case {
  readonly input: ImageShape;
  readonly options: ModelOptions;
  /** Hash of the sorted names in PyTorch's state dictionary. */
  readonly names: number;
}

const cases = JSON.parse(
  loadSafetensors(goldenPath('models.safetensors')).metadata.cases!,
) as Case[];
const expected = golden('models');
const [classes, batch] = [5, 4];
const random = new RandomGenerator(1);

/** The network of a case, with the weights that PyTorch's had. */
function filled({ options, input }: Case): ImageModel {
  const network = buildModel(options, input, classes, random);
  network.loadState(
    new Map(
      [...network.state()].map(([name, value]) => [
        name,
        value.dtype === 'int64' ? value : hashedTensor(name, value.shape),
      ]),
    ),
  );
  return network;
}

/** The parts of `models.py`'s results: scores, a sample of the images' gradients, sizes of the parameters' gradients. */
function passed(network: ImageModel, { channels, height, width }: ImageShape, mode: Mode) {
  const images = hashedTensor('images', [batch, channels, height, width]).setRequiresGrad(true);
  const logits = network.logits(images, mode);
  const parameters = network.namedParameters();
  const names = [...parameters.keys()].sort();
  const inputs = [images, ...names.map((name) => parameters.get(name)!)];
  const gradOutputs = [hashedTensor('output', [batch, classes])];
  const [gradient, ...rest] = grad([logits], inputs, { gradOutputs });
  const sample = (size: number): Tensor =>
    tensor(BigInt64Array.from({ length: Math.ceil(size / 5) }, (_, index) => BigInt(5 * index)));
  return {
    logits,
    gradient: gradient!
      .narrow(0, 0, 2)
      .indexSelect(2, sample(height))
      .indexSelect(3, sample(width)),
    sizes: tensor(rest.map((value) => value.square().sum().sqrt().item())),
  };
}

const title = ({ options, input }: Case): string =>
  `${JSON.stringify(options)} for ${input.channels}×${input.height}×${input.width}`;

const normalizesBatches = ({ options }: Case): boolean =>
  'norm' in options ? options.norm === 'batch' : options.name === 'densenet';

describe("beside PyTorch's network of the same weights", () => {
  it('every kind of network and normalisation is compared', () => {
    const text = JSON.stringify(cases.map(({ options }) => options));
    for (const word of ['batch', 'group', 'layer', 'none', 'convnext', 'resnet-ap', 'densenet'])
      expect(text).toContain(`"${word}"`);
    expect(new Set(cases.map(({ options }) => options.name)).size).toBe(9);
  });

  describe.each(cases.map((each, index) => [title(each), each, index] as const))(
    '%s',
    (_, each, index) => {
      const golden = (key: string): Tensor => expected(`${index}.${key}`);

      it('has its names, so that its state dictionaries fit', () => {
        using network = filled(each);
        expect(nameHash([...network.state().keys()].sort().join('\n'))).toBe(each.names);
      });

      it('has its scores and gradients', () => {
        using network = filled(each);
        const ours = passed(network, each.input, evaluation);
        expectNear(ours.logits, golden('logits'), 1e-4);
        expectNear(ours.gradient, golden('gradient'), 1e-3);
        expectNear(ours.sizes, golden('sizes'), 1e-3);
      });

      if (!normalizesBatches(each)) return;
      it('has its scores, gradients and statistics in training', () => {
        using network = filled(each);
        const ours = passed(network, each.input, { kind: 'train', random });
        expectNear(ours.logits, golden('train.logits'), 1e-4);
        expectNear(ours.gradient, golden('train.gradient'), 1e-3);
        expectNear(ours.sizes, golden('train.sizes'), 1e-3);
        const moved = [...network.state()]
          .filter(([name]) => /running_(mean|var)$/.test(name))
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .flatMap(([, value]) => numbers(value));
        expect(relativeError(moved, numbers(golden('train.buffers')))).toBeLessThan(1e-5);
      });
    },
  );
});
