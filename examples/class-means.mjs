// @ts-check
// A method of one's own, in a module of its own: the mean of a class's images is to be that of its real ones, pixel by
// pixel. Configurations name it `class-means`; programs give it as a value.
import { defineMethod } from 'ncfm';
import { indicesByClass, pixelsToTensor } from 'ncfm/data';
import { fields, initializeSynthetic, methodSchema, ScheduledOptimizer } from 'ncfm/methods';
import { grad, scope, withoutPrefix, withPrefix } from 'ncfm/tensor';

/**
 * @import { DistillerState, MethodInput, DistillOptions } from 'ncfm/methods'
 * @import { OptimizerOptions, ScheduleOptions, Tensor } from 'ncfm/tensor'
 * @typedef {DistillOptions & { optimizer: OptimizerOptions, schedule: ScheduleOptions, realPerClass: number }} Options
 */

export const classMeans = defineMethod({
  name: 'class-means',
  title: 'Class means',
  loss: 'distance of means',
  material: 'none',
  // What was distilled with this code is not taken for the result of other code.
  module: import.meta.url,
  schema: methodSchema('class-means', { realPerClass: fields.integer({ from: 1 }) }),
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
  start: async (/** @type {MethodInput<Options>} */ input) => new ClassMeans(input),
});

class ClassMeans {
  iteration = 0;
  #input;
  #classes;
  #optimizer;

  /** @param {MethodInput<Options>} input */
  constructor(input) {
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
      const means = (/** @type {Tensor} */ x) =>
        x.reshape([classes, x.size(0) / classes, -1]).mean([1]);
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
  #realImages() {
    const { dataset, options, random } = this.#input;
    const chosen = this.#classes.flatMap((members) => {
      const order = random.permutation(members.length).slice(0, options.realPerClass);
      return Array.from(order, (position) => Number(members[position]));
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

  /** @param {DistillerState} state */
  setState({ tensors, values }) {
    const kept = /** @type {ReturnType<ClassMeans['getState']>['values']} */ (values);
    this.iteration = kept.iteration;
    this.synthetic.images.detach().copy_(/** @type {Tensor} */ (tensors.get('images')));
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
