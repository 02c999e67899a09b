import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plan, reloaded } from '../config/testing/configurations.js';
import type { Dataset } from '../data/index.js';
import { fewDigits } from '../distill/testing/digits.js';
import { buildModel } from '../models/index.js';
import { liveTensors, scope } from '../tensor/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { ExtractorPool } from '../train/index.js';
import { straightTrajectories } from '../train/testing/straight-trajectories.js';
import type { Distiller, DistillerState, MethodInput } from './method.js';
import { methodNames, methodOf } from './registry.js';

/** Options with which each method that comes with the package distils in a moment. */
const tiny: Readonly<Record<string, string>> = {
  ncfm: 'iterations: 3, matching: { strategy: plain, realPerClass: 8 }, frequencies: { kind: gaussian, count: 16 }',
  dm: 'iterations: 3, realPerClass: 8',
  dc: 'iterations: 4, realPerClass: 8, rounds: 3, inner: { epochs: 2, augmentation: none }',
  dsa: 'iterations: 4, realPerClass: 8, rounds: 3, inner: { epochs: 2 }',
  mtt: 'iterations: 3, innerSteps: 2, maxStartEpoch: 1',
  tesla: 'iterations: 3, innerSteps: 2, maxStartEpoch: 1, batchSize: 3',
  rded: 'factor: 2, candidates: 12, observers: 2',
  random: '',
  herding: '',
  'k-centre': '',
  forgetting: '',
};

it('all have options below', () => {
  expect(Object.keys(tiny).toSorted()).toEqual(methodNames().toSorted());
});

let dataset: Dataset;
let pool: ExtractorPool;
beforeAll(async () => {
  dataset = await fewDigits(2, 20);
  const state = () => build().state();
  const pairs = [1, 2].map(() => ({ initial: state(), trained: state() }));
  pool = new ExtractorPool(pairs, straightTrajectories(pairs, 2));
});
afterAll(() => pool.dispose());

const networks = new RandomGenerator(5);
const build = (random = networks) =>
  buildModel({ name: 'convnet', depth: 1, width: 4 }, dataset.shape, 2, random);

function planOf(name: string, imagesPerClass = 2) {
  return plan(`dataset: { name: digits }
model: { name: convnet, depth: 1, width: 4 }
pretrain: { networks: 2, length: { steps: 5 }, batchSize: 8 }
distill: {
  method: ${name}, imagesPerClass: ${imagesPerClass},
  formation: { mode: single, factor: 1 }, initialization: { kind: random }, ${tiny[name]} }
`);
}

async function start(
  name: string,
  imagesPerClass?: number,
  chunks?: MethodInput['chunks'],
): Promise<Distiller> {
  const { distill: options, pretrain } = planOf(name, imagesPerClass);
  const random = new RandomGenerator(3);
  return await methodOf(name).start({
    dataset,
    options,
    pool,
    buildModel: build,
    pretrain,
    chunks,
    random,
  });
}

const pixels = ({ synthetic }: Distiller): Float32Array => synthetic.images.toFloat32Array();

function end(...distillers: readonly Distiller[]): void {
  for (const distiller of distillers) {
    distiller[Symbol.dispose]();
    distiller.synthetic.dispose();
  }
}

/** A state as a file gives it back. */
function stored({ tensors, values }: DistillerState): DistillerState {
  return {
    tensors: new Map([...tensors].map(([name, tensor]) => [name, tensor.detach().clone()])),
    values: JSON.parse(JSON.stringify(values)) as object,
  };
}

describe.each(Object.keys(tiny))('the method %s', (name) => {
  it('changes the images, which stay in [0, 1], and tells what it does in finite numbers', async () => {
    const { iterations } = planOf(name).distill;
    const distiller = await start(name);
    const before = pixels(distiller);
    for (let iteration = 1; iteration <= iterations; iteration++) {
      const { loss, terms } = distiller.step();
      expect(distiller.iteration).toBe(iteration);
      for (const figure of [loss, ...Object.values(terms)])
        expect(figure).toSatisfy(Number.isFinite);
    }
    const after = pixels(distiller);
    expect(after).not.toEqual(before);
    expect(after.every((value) => value >= 0 && value <= 1)).toBe(true);
    end(distiller);
  });

  it('starts from the same real images as any other', async () => {
    const [own, other] = [await start(name), await start('ncfm')];
    expect(pixels(own)).toEqual(pixels(other));
    end(own, other);
  });

  it('goes on to the same bytes from wherever it was kept', async () => {
    const { iterations } = planOf(name).distill;
    const whole = await start(name);
    for (let iteration = 0; iteration < iterations; iteration++) whole.step();
    for (let kept = 0; kept <= iterations; kept++) {
      const [stopped, going] = [await start(name), await start(name)];
      for (let iteration = 0; iteration < kept; iteration++) stopped.step();
      scope(() => going.setState(stored(stopped.getState())));
      expect(going.iteration).toBe(kept);
      while (going.iteration < iterations) going.step();
      expect(pixels(going)).toEqual(pixels(whole));
      end(stopped, going);
    }
    end(whole);
  });

  it('does the same in small chunks, but for the last digits', async () => {
    const [whole, parts] = [await start(name), await start(name, 2, { real: 3, synthetic: 1 })];
    for (const distiller of [whole, parts]) distiller.step();
    const expected = pixels(whole);
    for (const [index, pixel] of pixels(parts).entries())
      expect(Math.abs(pixel - expected[index]!)).toBeLessThan(1e-4);
    end(whole, parts);
  });

  it('does the same where its iterations are not waited for, if it can go ahead', async () => {
    const { iterations } = planOf(name).distill;
    const [waited, ahead] = [await start(name), await start(name)];
    if (ahead.goesAhead) {
      const reports = Array.from({ length: iterations }, () => waited.step());
      const later = Array.from({ length: iterations }, () => ahead.stepAhead!());
      expect(later.map((report) => report())).toEqual(reports);
      expect(pixels(ahead)).toEqual(pixels(waited));
    }
    end(waited, ahead);
  });

  it('refuses the state of another set', async () => {
    const [own, other] = [await start(name), await start(name, 1)];
    expect(() => scope(() => own.setState(stored(other.getState())))).toThrow(/shape/);
    end(own, other);
  });

  it('holds as many tensors after each step as before, and none at its end', async () => {
    const before = liveTensors();
    const distiller = await start(name);
    distiller.step();
    const first = liveTensors();
    for (let step = 0; step < 3; step++) distiller.step();
    expect(liveTensors()).toBe(first);
    end(distiller);
    expect(liveTensors()).toBe(before);
  });

  it('has a plan that is the same when it was written and read again', () => {
    const written = planOf(name);
    expect(reloaded(written)).toEqual(written);
  });
});
