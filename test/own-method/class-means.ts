import { number } from '../../src/core/fields.js';
import { indicesByClass, pixelsToTensor } from '../../src/data/index.js';
import {
  initializeSynthetic,
  ScheduledOptimizer,
  type SyntheticImages,
} from '../../src/distill/index.js';
import {
  type Distiller,
  type DistillOptions,
  defineMethod,
  type MethodInput,
  methodSchema,
} from '../../src/methods/index.js';
import type { OptimizerOptions, ScheduleOptions } from '../../src/nn/index.js';
import { grad, scope, type Tensor, withoutPrefix, withPrefix } from '../../src/tensor/index.js';

interface ClassMeansOptions extends DistillOptions {
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  /** Real images of each class in a batch. */
  readonly realPerClass: number;
}

/** A method for tests: the mean of a class's images is to be that of its real ones, pixel by pixel. */
defineMethod<ClassMeansOptions>({
  name: 'class-means',
  title: 'Class means',
  loss: 'distance of means',
  material: 'none',
  schema: methodSchema('class-means', { realPerClass: number({ from: 1 }) }),
  defaults: {
    method: 'class-means',
    formation: { mode: 'single', factor: 1 },
    initialization: { kind: 'random' },
    iterations: 20,
    realPerClass: 16,
    optimizer: { kind: 'adam', learningRate: 0.05 },
    schedule: { kind: 'constant' },
    augmentation: 'none',
    onNonFinite: 'stop',
  },
  realPerClass: ({ realPerClass }) => realPerClass,
  requirements: ({ realPerClass }) => [{ images: realPerClass, purpose: 'for a batch' }],
  start: async (input) => new ClassMeans(input),
});

class ClassMeans implements Distiller {
  readonly synthetic: SyntheticImages;
  iteration = 0;
  readonly #input: MethodInput<ClassMeansOptions>;
  readonly #classes: readonly Int32Array[];
  readonly #optimizer: ScheduledOptimizer;

  constructor(input: MethodInput<ClassMeansOptions>) {
    const { dataset, options, random } = input;
    this.#input = input;
    this.synthetic = initializeSynthetic(dataset, { ...options, random });
    this.#classes = indicesByClass(dataset.labels, dataset.classNames.length);
    this.#optimizer = new ScheduledOptimizer({ ...options, parameters: [this.synthetic.images] });
  }

  step() {
    const { images, classes } = this.synthetic;
    const { learningRate } = this.#optimizer;
    const loss = scope(() => {
      const means = (x: Tensor) => x.reshape([classes, x.size(0) / classes, -1]).mean([1]);
      const distance = means(images).sub(means(this.#realImages())).square().mean();
      this.#optimizer.descend(grad([distance], [images]));
      this.synthetic.clamp();
      return distance.item();
    });
    this.#optimizer.advance(loss);
    this.iteration += 1;
    return { loss, terms: {}, learningRate };
  }

  /** As many of each class, class by class. */
  #realImages(): Tensor {
    const { dataset, options, random } = this.#input;
    const chosen = this.#classes.flatMap((members) => {
      const order = random.permutation(members.length).slice(0, options.realPerClass);
      return Array.from(order, (position) => members[position]!);
    });
    return pixelsToTensor(dataset.read(chosen), chosen.length, dataset.shape, random.device);
  }

  getState() {
    const { optimizer, schedule } = this.#optimizer.getState();
    return {
      tensors: new Map([
        ['images', this.synthetic.images],
        ...withPrefix('optimizer.', optimizer.tensors),
      ]),
      values: {
        iteration: this.iteration,
        step: optimizer.step,
        schedule,
        random: [...this.#input.random.getState()],
      },
    };
  }

  setState({ tensors, values }: Parameters<Distiller['setState']>[0]) {
    const kept = values as ReturnType<ClassMeans['getState']>['values'];
    this.iteration = kept.iteration;
    this.synthetic.images.detach().copy_(tensors.get('images')!);
    this.#optimizer.setState({
      optimizer: { step: kept.step, tensors: withoutPrefix('optimizer.', tensors) },
      schedule: kept.schedule,
    });
    this.#input.random.setState(Uint8Array.from(kept.random));
  }

  [Symbol.dispose]() {
    this.#optimizer.dispose();
  }
}
