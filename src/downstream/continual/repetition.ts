import { Artifacts } from '../../core/index.js';
import { classSubset } from '../../data/index.js';
import { decodedPerClass, labelsByClass } from '../../distill/index.js';
import { evaluate, trainingSteps } from '../../evaluate/evaluate.js';
import type { EvaluateRequest } from '../../evaluate/request.js';
import { networksFolder, type RunContext } from '../../pipeline/run-context.js';
import type { MemoryKind } from '../../plan/continual-options.js';
import type { RunDirectory } from '../../run/index.js';
import { cat, type RandomGenerator, scope, type Tensor } from '../../tensor/index.js';
import type { TestMetrics } from '../../train/metrics.js';
import { divideClasses, drawClassOrder, type Step } from './class-order.js';
import { type CurveName, curveTitle, type StepFigures, stepFigures } from './figures.js';
import { makeMemories, readMemory, type StepMemory } from './memory.js';
import { fineTune, type NetworkRequest, type StoredNetwork, trainJointly } from './networks.js';

/** Where a run keeps the images of its memories. */
export const memoryFolder = 'memory';

export interface RepetitionRequest {
  readonly context: RunContext;
  readonly directory: RunDirectory;
  /** From 1. */
  readonly repetition: number;
}

export interface Repetition {
  readonly classOrder: readonly number[];
  /** The figures of each curve, step by step. */
  readonly curves: readonly { readonly name: CurveName; readonly steps: readonly StepFigures[] }[];
}

/** Goes through the steps once: each adds to the memories, and networks are trained on what these then hold. */
export async function repeat(request: RepetitionRequest): Promise<Repetition> {
  const { context, repetition } = request;
  const { plan, data, random } = context;
  const own = random.derive(`repetition-${repetition}`);
  const { steps, classOrder } = plan.continual;
  const classes = data.train.classNames.length;
  const order = drawClassOrder(classOrder, classes, own.derive('class-order'));
  using learner = new Learner(request, own);
  for (const step of divideClasses(order, steps)) await learner.learn(step);
  return { classOrder: order, curves: learner.curves };
}

/** What is carried from step to step: the memories, the networks that are fine-tuned, and the figures. */
class Learner implements Disposable {
  readonly #request: RepetitionRequest;
  readonly #random: RandomGenerator;
  /** Each memory's training images, one tensor per step. */
  readonly #memories = new Map<MemoryKind, Tensor[]>();
  readonly #fineTuned = new Map<string, StoredNetwork>();
  readonly #figures = new Map<
    string,
    { readonly name: CurveName; readonly steps: StepFigures[] }
  >();

  constructor(request: RepetitionRequest, random: RandomGenerator) {
    this.#request = request;
    this.#random = random;
  }

  get curves(): Repetition['curves'] {
    return [...this.#figures.values()];
  }

  async learn(step: Step): Promise<void> {
    const { context, repetition } = this.#request;
    const { plan, data, onEvent } = context;
    const place = {
      repetition,
      repetitions: plan.continual.seeds,
      step: step.number,
      steps: plan.continual.steps,
    };
    const classes = step.classes.map((label) => data.train.classNames[label]!);
    onEvent({ type: 'continual-step-start', ...place, classes, seen: step.seen.length });
    await this.#addToMemories(step);
    for (const kind of plan.continual.memories) await this.#train(step, kind);
    if (plan.continual.jointEpochs !== null) await this.#trainJointly(step);
    const accuracies = this.curves.map(
      ({ name, steps }) => [curveTitle(name), steps.at(-1)!.accuracy] as const,
    );
    onEvent({ type: 'continual-step-end', ...place, accuracy: Object.fromEntries(accuracies) });
  }

  /** Of the real training images only this step's are at hand. */
  async #addToMemories(step: Step): Promise<void> {
    const { context } = this.#request;
    const { memories: kinds } = context.plan.continual;
    const train = classSubset(context.data.train, step.classes);
    const folder = this.#pathOf(memoryFolder, step);
    const random = this.#random.derive(`step-${step.number}`);
    const memory: StepMemory = { context, train, folder, kinds, random };
    await makeMemories(memory);
    for (const kind of kinds) {
      const parts = this.#memories.get(kind) ?? [];
      parts.push(readMemory(memory, kind));
      this.#memories.set(kind, parts);
    }
  }

  async #train(step: Step, memory: MemoryKind): Promise<void> {
    using images = scope(() => cat(this.#memories.get(memory)!));
    const perClass = images.size(0) / step.seen.length;
    using labels = labelsByClass(step.seen.length, perClass, images.device);
    const data = () => ({ images, labels });
    const { plan } = this.#request.context;
    const scratch = { memory, training: 'from-scratch' } as const;
    const { seeds } = await evaluate({ ...this.#evaluation(step, scratch), data });
    this.#add(
      step,
      scratch,
      seeds.map(({ metrics }) => metrics),
    );
    if (!plan.continual.fineTune) return;
    const tuned = { memory, training: 'fine-tuned' } as const;
    await this.#fineTune(step, tuned, data);
  }

  async #fineTune(step: Step, name: CurveName, data: EvaluateRequest['data']): Promise<void> {
    const metrics: TestMetrics[] = [];
    const evaluation = { ...this.#evaluation(step, name), data };
    const { set, options, onEvent } = evaluation;
    onEvent({ type: 'evaluate-start', set, seeds: options.seeds });
    for (let seed = 1; seed <= options.seeds; seed++) {
      const key = `${curveTitle(name)}, seed ${seed}`;
      const file = `${key.replaceAll(/[^a-z0-9]+/g, '-')}.safetensors`;
      const previous = this.#fineTuned.get(key);
      const tuned = await fineTune(evaluation, seed, { file, previous });
      this.#fineTuned.set(key, tuned.network);
      metrics.push(tuned.metrics);
    }
    this.#add(step, name, metrics);
  }

  async #trainJointly(step: Step): Promise<void> {
    const { plan, data } = this.#request.context;
    const name = { memory: 'joint', training: 'from-scratch' } as const;
    const real = classSubset(data.train, step.seen);
    const { jointEpochs } = plan.continual;
    const { batchSize } = plan.evaluate;
    const steps = trainingSteps(
      { length: { epochs: jointEpochs! }, batchSize },
      real.labels.length,
    );
    const metrics = await trainJointly({ ...this.#evaluation(step, name), steps }, real);
    this.#add(step, name, [metrics]);
  }

  /** How networks are trained after a step, but on what. */
  #evaluation(step: Step, name: CurveName): NetworkRequest {
    const { plan, data, memory, onEvent, signal } = this.#request.context;
    const { imagesPerClass, formation } = plan.distill;
    return {
      set: curveTitle(name),
      normalization: data.train.normalization,
      test: classSubset(data.test, step.seen),
      model: plan.student,
      // As many for real images, which are not decoded into more.
      steps: trainingSteps(
        plan.evaluate,
        decodedPerClass(formation, imagesPerClass) * step.seen.length,
      ),
      testAtOnce: memory.chunks.test,
      options: { ...plan.evaluate, curve: { points: 0, trainingImages: 0 } },
      random: this.#random.derive(`step-${step.number}`).derive('evaluate'),
      finished: new Artifacts(this.#pathOf(networksFolder, step)),
      onEvent,
      signal,
    };
  }

  #add(step: Step, name: CurveName, metrics: readonly TestMetrics[]): void {
    const key = curveTitle(name);
    const curve = this.#figures.get(key) ?? { name, steps: [] };
    curve.steps.push(stepFigures(metrics, step.classes.length));
    this.#figures.set(key, curve);
  }

  #pathOf(folder: string, step: Step, ...rest: readonly string[]): string {
    const { directory, repetition } = this.#request;
    return directory.pathOf(folder, `seed-${repetition}`, `step-${step.number}`, ...rest);
  }

  [Symbol.dispose](): void {
    for (const tensor of [...this.#memories.values()].flat()) tensor.dispose();
  }
}
