import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import type { Dataset } from '../data/index.js';
import { loadDigits } from '../data/readers/digits.js';
import { mutations } from '../data/testing/corruption-suite.js';
import { buildModel, type ImageModel, type ModelOptions } from '../models/index.js';
import { smallPlan } from '../plan/testing/plan.js';
import { liveTensors, savePt, type Tensor } from '../tensor/index.js';
import { readState } from '../tensor/state-file.js';
import { hostileArchives } from '../tensor/testing/hostile-archives.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { pythonWithTorch, runPython } from '../tensor/testing/python.js';
import type { TrainedPair } from '../train/extractors.js';
import { listPool, readPoolMember, writePoolFolder } from '../train/pool-folder.js';
import { pretrain } from '../train/pretrain.js';
import { checkPlan } from './prepare.js';

let digits: Dataset;
beforeAll(async () => {
  digits = (await loadDigits()).train;
});

const network = (seed: number, model: ModelOptions = smallPlan.model): ImageModel =>
  buildModel(model, digits.shape, 10, new RandomGenerator(seed));

/** A pool of two networks in a folder, and what it was written from. */
function placePool(): { folder: string; pairs: TrainedPair[]; networks: ImageModel[] } {
  const folder = temporaryFolder();
  const networks = [1, 2, 3, 4].map((seed) => network(seed));
  const pairs = [0, 2].map((first) => ({
    initial: networks[first]!.state(),
    trained: networks[first + 1]!.state(),
  }));
  writePoolFolder(folder, pairs);
  return { folder, pairs, networks };
}

function poolOf(folder: string, changes: object = {}) {
  return pretrain({
    train: digits,
    model: smallPlan.model,
    options: { ...smallPlan.pretrain, pool: folder },
    cache: temporaryFolder(),
    random: new RandomGenerator(1),
    onEvent: () => {},
    ...changes,
  });
}

const values = (state: ReadonlyMap<string, Tensor>): number[][] =>
  [...state.values()].map((value) => [...value.toFloat32Array()]);

describe("a folder of the official project's networks", () => {
  it('is written under its names and read back', () => {
    const { folder, pairs, networks } = placePool();
    expect(readdirSync(folder).sort()).toEqual([
      'premodel0_init.pth.tar',
      'premodel0_trained.pth.tar',
      'premodel1_init.pth.tar',
      'premodel1_trained.pth.tar',
    ]);
    const before = liveTensors();
    using model = network(9);
    for (const [index, member] of listPool(folder).entries()) {
      const { initial, trained } = readPoolMember(member, model);
      expect(values(initial)).toEqual(values(pairs[index]!.initial));
      expect(values(trained)).toEqual(values(pairs[index]!.trained));
      for (const tensor of [...initial.values(), ...trained.values()]) tensor.dispose();
    }
    model.dispose();
    expect(liveTensors()).toBe(before);
    for (const one of networks) one.dispose();
  });

  it('is a pool that nothing is trained for', async () => {
    const { folder } = placePool();
    const told: string[] = [];
    using pool = await poolOf(folder, { onEvent: ({ type }: { type: string }) => told.push(type) });
    expect(pool.size).toBe(2);
    expect(told).toEqual(['pretrain-reused']);
  });

  it('is refused when it has too few networks, or half a network', async () => {
    const { folder } = placePool();
    const options = { ...smallPlan.pretrain, pool: folder, networks: 3 };
    await expect(poolOf(folder, { options })).rejects.toThrow(/holds 2 networks.* asks for 3/);
    rmSync(join(folder, 'premodel1_trained.pth.tar'));
    await expect(poolOf(folder)).rejects.toThrow(/lacks premodel1_trained\.pth\.tar/);
  });

  it('is refused by a method that follows networks on their way', async () => {
    const { folder } = placePool();
    await expect(poolOf(folder, { trajectories: { kind: 'epochs' } })).rejects.toThrow(
      /leave pretrain\.pool out/,
    );
  });

  it('is looked for before anything is computed, where it is needed', async () => {
    const plan = { ...smallPlan, pretrain: { ...smallPlan.pretrain, pool: 'nowhere' } };
    await expect(checkPlan(plan)).rejects.toThrow(/nowhere cannot be read/);
    await expect(checkPlan(plan, { stages: ['pretrain'] })).rejects.toThrow(/nowhere cannot/);
    const { data } = await checkPlan(plan, { stages: ['evaluate'] });
    expect(data.train.name).toBe('digits');
  });

  it('leaves nothing behind when a later network is damaged', async () => {
    const { folder, networks } = placePool();
    const before = liveTensors();
    writeFileSync(join(folder, 'premodel1_trained.pth.tar'), 'damaged');
    await expect(poolOf(folder)).rejects.toThrow(/premodel1_trained\.pth\.tar/);
    expect(liveTensors()).toBe(before);
    for (const one of networks) one.dispose();
  });

  it('is refused when it holds nothing, or is not there', () => {
    expect(() => listPool(temporaryFolder())).toThrow(/holds no pretrained networks; expected/);
    expect(() => listPool('nowhere')).toThrow(/nowhere cannot be read/);
  });

  it('is refused for networks of another architecture, tensor by tensor', async () => {
    const { folder } = placePool();
    const before = liveTensors();
    const model = { name: 'convnet', depth: 3, width: 4 } as const;
    await expect(poolOf(folder, { model })).rejects.toThrow(
      /premodel0_init\.pth\.tar does not hold .*\[8, 1, 3, 3\], expected \[4, 1, 3, 3\].*missing tensor 'layers\.conv\.2/,
    );
    expect(liveTensors()).toBe(before);
  });
});

describe('a state dictionary', () => {
  it.each(['state_dict', 'model'])('may lie under the key %s, with a wrapper’s names', (key) => {
    const path = join(temporaryFolder(), 'network.pth.tar');
    using model = network(1);
    const named = [...model.state()].map(([name, value]) => [`module.${name}`, value] as const);
    const before = liveTensors();
    savePt(path, { epoch: 60, [key]: Object.fromEntries(named) });
    const state = readState(path);
    expect([...state.keys()]).toEqual([...model.state().keys()]);
    for (const tensor of state.values()) tensor.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('is all that is accepted', () => {
    const path = join(temporaryFolder(), 'list.pt');
    using one = new RandomGenerator(1).normal([2]);
    savePt(path, [one]);
    const before = liveTensors();
    expect(() => readState(path)).toThrow(/list\.pt does not hold the parameters of a network/);
    expect(liveTensors()).toBe(before);
  });
});

describe('a damaged file of a network', () => {
  it('is refused by name or read whole, whatever the damage', () => {
    const folder = temporaryFolder();
    using model = network(1);
    writePoolFolder(folder, [{ initial: model.state(), trained: model.state() }]);
    const [member] = listPool(folder);
    const whole = readFileSync(member!.trained);
    const before = liveTensors();
    const tried = { damaged: 0, refused: 0 };
    for (const [what, damaged] of mutations(whole)) {
      writeFileSync(member!.trained, damaged);
      tried.damaged += 1;
      try {
        const { initial, trained } = readPoolMember(member!, model);
        // What is not refused lies outside the checked data, and changes none of it.
        expect(values(trained), what).toEqual(values(initial));
        for (const tensor of [...initial.values(), ...trained.values()]) tensor.dispose();
      } catch (error) {
        expect(error, what).toBeInstanceOf(UsageError);
        expect((error as Error).message, what).toContain(member!.trained);
        tried.refused += 1;
      }
      expect(liveTensors(), what).toBe(before);
    }
    expect(tried.damaged).toBeGreaterThanOrEqual(200);
    expect(tried.refused).toBeGreaterThan(100);
  });

  it('is refused for code in it, and for sizes that nothing is behind', () => {
    const path = join(temporaryFolder(), 'network.pth.tar');
    using model = network(1);
    savePt(path, Object.fromEntries(model.state()));
    const before = liveTensors();
    for (const [what, hostile] of hostileArchives(readFileSync(path))) {
      writeFileSync(path, hostile);
      expect(() => readState(path), what).toThrow(UsageError);
      expect(() => readState(path), what).toThrow(path);
    }
    expect(liveTensors()).toBe(before);
  });
});

const python = pythonWithTorch();
const skipped = python === undefined ? ' (skipped: no Python with PyTorch here)' : '';

describe.skipIf(python === undefined)(`with Python's PyTorch${skipped}`, () => {
  it('is read by it, and what it saves again is read here', () => {
    const { folder, networks } = placePool();
    const path = join(folder, 'premodel0_trained.pth.tar');
    // As the official code does: load, use as a state dictionary, save with torch.save.
    const code = [
      'import sys, torch, collections',
      'state = torch.load(sys.argv[1], map_location="cpu")',
      'ordered = collections.OrderedDict((f"module.{k}", v) for k, v in state.items())',
      'torch.save(ordered, sys.argv[1])',
      'print(" ".join(state))',
    ].join('\n');
    const names = runPython(code, path).split(' ');
    expect(names).toEqual([...networks[1]!.state().keys()]);
    const state = readState(path);
    expect(values(state)).toEqual(values(networks[1]!.state()));
    for (const tensor of [...state.values()]) tensor.dispose();
    for (const one of networks) one.dispose();
  });
});
