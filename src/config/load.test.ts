import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultSiamese, officialTraining } from '../augment/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { datasetNames } from '../data/index.js';
import { ncfmOptions } from '../plan/testing/plan.js';
import { physicalCores } from '../tensor/index.js';
import {
  listPresets,
  loadPlan,
  presetNames,
  presetsWithPublishedAccuracy,
  publishedAccuracy,
} from './index.js';
import { file, plan, problems, problemsFrom, smallest } from './testing/configurations.js';

const allButLast = datasetNames.slice(0, -1).join(', ');
const lastDataset = datasetNames.at(-1);
const usualConvNet = { norm: 'instance', activation: 'relu', pooling: 'average' };

describe('a preset', () => {
  // The one for data of one's own says nothing of the data.
  const data = (name: string) => (name === 'own-data' ? { data: 'digits' } : {});

  it.each(presetNames())('%s loads, has a summary, and gives its name to the run', (name) => {
    expect(loadPlan({ source: name, ...data(name) }).plan.name).toBe(name);
    expect(listPresets().find((preset) => preset.name === name)?.summary).toMatch(/\w+ \w+/);
  });

  it('that a published accuracy is given for exists', () => {
    expect(presetNames()).toEqual(expect.arrayContaining(presetsWithPublishedAccuracy()));
    expect(publishedAccuracy('cifar10-ipc10')).toMatchObject({ accuracy: 71.8 });
    expect(publishedAccuracy('digits')).toBeUndefined();
  });

  it("of the paper has the images per class and the data of its name, and the paper's length", () => {
    for (const name of presetsWithPublishedAccuracy()) {
      const [, data, ipc] = /^(.*)-ipc(\d+)$/.exec(name)!;
      const { dataset, distill } = loadPlan({ source: name }).plan;
      expect(distill.imagesPerClass, name).toBe(Number(ipc));
      expect(dataset.name!.replace('cifar-', 'cifar').replace('-mnist', ''), name).toBe(data);
      if (data !== 'fashion') expect(distill.iterations, name).toBe(20_000);
    }
  });

  it('resolves to YAML that gives the same plan again', () => {
    for (const name of presetNames()) {
      const { plan, yaml } = loadPlan({ source: name, threads: 3, ...data(name) });
      const again = loadPlan({ source: file(yaml) });
      expect(again.plan).toEqual(plan);
      expect(again.yaml).toBe(yaml);
    }
  });

  it('that does not exist is answered with the nearest one', () => {
    expect(problemsFrom('fashion-quik')).toEqual([
      "there is no preset or file named 'fashion-quik'; did you mean 'fashion-quick'?",
    ]);
    expect(problemsFrom('imagenet')[0]).toContain(`the presets are ${presetNames().join(', ')}`);
  });
});

describe('the defaults', () => {
  it('leave only the dataset and the budget to be said', () => {
    const { name, seed, threads, model, student, evaluate, ...rest } = plan(smallest);
    expect({ name, seed, threads }).toEqual({ name: 'my', seed: 0, threads: physicalCores() });
    expect(model).toEqual({ name: 'convnet', depth: 'auto', width: 128, ...usualConvNet });
    expect(student).toEqual(model);
    expect(evaluate.augmentation).toEqual(officialTraining);
    expect(ncfmOptions(rest).augmentation).toEqual(defaultSiamese);
    expect(ncfmOptions(rest).optimizer).toMatchObject({ kind: 'adam', learningRate: 0.05 });
    expect(problems('')).toEqual([
      `my.yaml:1:1: dataset.name: missing; expected ${datasetNames.join(', ')}, or dataset.path for data of your own`,
      'my.yaml:1:1: distill.imagesPerClass: missing; expected an integer from 1 to 10000',
    ]);
  });

  it('stay where a section is left empty', () => {
    expect(plan(`${smallest}model:\n`)).toEqual(plan(smallest));
  });
});

describe('the memory', () => {
  it.each([
    ['auto', 'auto'],
    ['2GB', 2e9],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['123456789', 123_456_789],
  ])('is read from %s', (text, bytes) => {
    expect(plan(`${smallest}memory: ${text}`).memory).toBe(bytes);
    expect(plan(smallest, { memory: text }).memory).toBe(bytes);
  });

  it.each(['lots', '-2GB', '0', '2.5', 'true', '[1]'])('is not read from %s', (text) => {
    const [problem, ...others] = problems(`${smallest}memory: ${text}`);
    expect(problem).toMatch(
      /^my.yaml:3:9: memory: expected a size such as 2GB, .*, or auto, found/,
    );
    expect(others).toEqual([]);
  });

  it('is used in chunks, which are whole numbers or left to us', () => {
    expect(plan(smallest).chunks).toEqual({ real: 'auto', synthetic: 'auto', test: 'auto' });
    const some = plan(`${smallest}chunks: { real: 64, synthetic: 2 }`);
    expect(some.chunks).toEqual({ real: 64, synthetic: 2, test: 'auto' });
    expect(problems(`${smallest}chunks: { real: 0, sinthetic: 1 }`)).toEqual([
      'my.yaml:3:17: chunks.real: expected an integer from 1 to 1000000, or auto, found 0',
      "my.yaml:3:20: chunks.sinthetic: unknown key; did you mean 'synthetic'?",
    ]);
  });
});

describe('the data', () => {
  it('is a dataset known by name, or a path from the folder of the file that says it', () => {
    const text = 'dataset: { path: pets }\ndistill: { imagesPerClass: 1 }\n';
    const path = file(text);
    expect(loadPlan({ source: path }).plan.dataset).toEqual({
      path: join(dirname(path), 'pets'),
      size: 'auto',
      channels: 'auto',
      testShare: 0.2,
      onDamaged: 'stop',
      validation: 0,
      whitening: 'none',
    });
    expect(problems(`${smallest}`.replace('name:', 'path: x, name:'))).toEqual([
      expect.stringContaining('dataset.path: contradicts dataset.name (digits)'),
    ]);
  });

  it('on the command line takes the place of what the configuration says', () => {
    const { dataset, distill, name } = loadPlan({ source: 'digits', data: 'my/pets', ipc: 3 }).plan;
    expect([dataset.name, dataset.path]).toEqual([undefined, join(process.cwd(), 'my/pets')]);
    expect([distill.imagesPerClass, name]).toEqual([3, 'digits']);
    expect(loadPlan({ source: 'digits', data: 'mnist' }).plan.dataset.name).toBe('mnist');
  });

  it('is enough to say: the preset own-data has the rest', () => {
    const { dataset, distill, name } = loadPlan({ data: 'my/pets', ipc: 5 }).plan;
    expect([dataset.path, distill.imagesPerClass]).toEqual([join(process.cwd(), 'my/pets'), 5]);
    expect(name).toBe('pets');
    expect(() => loadPlan({})).toThrow(/name a preset .* or data of your own with --data/);
  });
});

describe('extends', () => {
  it('changes single keys of a preset', () => {
    const base = loadPlan({ source: 'digits' }).plan;
    const changed = plan('extends: digits\ndistill: { optimizer: { learningRate: 0.5 } }');
    expect(ncfmOptions(changed).optimizer).toEqual({
      ...ncfmOptions(base).optimizer,
      learningRate: 0.5,
    });
    expect({ ...changed, name: 'digits', distill: base.distill }).toEqual(base);
  });

  it('takes a path from the file that says it, and no name', () => {
    const folder = temporaryFolder();
    file('extends: digits\nname: first\nseed: 7\ndataset: { root: data }', 'base.yaml', folder);
    const source = file('extends: ./base.yaml', 'second.yaml', folder);
    expect(loadPlan({ source }).plan).toMatchObject({
      name: 'second',
      seed: 7,
      dataset: { root: join(folder, 'data') },
    });
  });

  it('replaces a mapping that turns into another form', () => {
    const yaml = `extends: fashion-quick
distill: { matching: { strategy: plain, realPerClass: 8 } }
evaluate: { length: { epochs: 3 }, schedule: { kind: constant } }`;
    const { evaluate, ...whole } = plan(yaml);
    expect(ncfmOptions(whole).matching).toEqual({ strategy: 'plain', realPerClass: 8 });
    expect(evaluate.length).toEqual({ epochs: 3 });
    expect(evaluate.schedule).toEqual({ kind: 'constant' });
  });

  it('names the line that extends something unknown, and a circle', () => {
    expect(problems('seed: 1\nextends: digts')).toEqual([
      "my.yaml:2:10: extends: there is no preset or file named 'digts'; did you mean 'digits'?",
    ]);
    expect(problems('extends: ./no.yaml')).toEqual([
      'my.yaml:1:10: extends: there is no file ./no.yaml',
    ]);
    expect(problems('extends: ./my.yaml')[0]).toContain('circle: my.yaml -> my.yaml');
  });
});

describe('overrides', () => {
  it('win over the file, whatever order their keys come in', () => {
    const overrides = [
      'distill.matching.realPerClass=4',
      'distill.matching.strategy=plain',
      'seed=9',
    ];
    const { seed, ...whole } = plan('extends: fashion-quick\nseed: 3', { overrides });
    expect(ncfmOptions(whole).matching).toEqual({ strategy: 'plain', realPerClass: 4 });
    expect(seed).toBe(9);
  });

  it('have flags of their own, which win over --set', () => {
    const flags = { seed: 1, threads: 1, device: 'cpu', name: '2024' } as const;
    expect(plan(smallest, { ...flags, overrides: ['seed=5'] })).toMatchObject(flags);
  });

  it('are named when they are wrong', () => {
    const overrides = ['distill.alpha=2', 'evaluate.lenght={steps: 1}'];
    expect(problems(smallest, { overrides, seed: -1, name: 'a/b' })).toEqual([
      '--name: name: expected a name of letters, digits, ".", "_" and "-", at most 100, the first a letter or a digit, found \'a/b\'',
      '--seed: seed: expected an integer from 0 to 9007199254740991, found -1',
      '--set distill.alpha=2: distill.alpha: expected a number from 0 to 1, found 2',
      "--set evaluate.lenght={steps: 1}: evaluate.lenght: unknown key; did you mean 'length'?",
    ]);
  });

  it.each([
    ['alpha', 'expected key=value, for example --set distill.iterations=50'],
    ['a..b=1', 'expected key=value'],
    ['distill.alpha=[1', 'not valid YAML'],
    ['__proto__.polluted=1', '__proto__: unknown key'],
  ])('refuse --set %s', (assignment, reason) => {
    expect(problems(smallest, { overrides: [assignment] })[0]).toContain(
      `--set ${assignment}: ${reason}`,
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('an error', () => {
  it('has the place, the key, what was expected and what was found, for every problem', () => {
    const yaml = `dataset: { name: digts }
seed: 1.5
distil: {}
distill:
  imagesPerClass: many
  alpha: 2
  matching: { strategy: stratifed }
  formation: { mode: bound }
  schedule: { kind: multi-step, milestones: [0.5, 2], factor: 0.5 }
evaluate:
  length: { steps: 0 }
  optimizer: { learningrate: 3 }
  augmentation: weak
`;
    expect(problems(yaml)).toEqual([
      `my.yaml:1:18: dataset.name: expected ${allButLast} or ${lastDataset}, found 'digts'; did you mean 'digits'?`,
      'my.yaml:2:7: seed: expected an integer from 0 to 9007199254740991, found 1.5',
      "my.yaml:3:1: distil: unknown key; did you mean 'distill'?",
      "my.yaml:5:19: distill.imagesPerClass: expected an integer from 1 to 10000, found 'many'",
      'my.yaml:6:10: distill.alpha: expected a number from 0 to 1, found 2',
      "my.yaml:7:25: distill.matching.strategy: expected plain or stratified, found 'stratifed'; did you mean 'stratified'?",
      'my.yaml:8:3: distill.formation.budget: missing; expected an integer from 1 to 1000000',
      'my.yaml:8:3: distill.formation.factor: missing; expected an integer from 1 to 64',
      'my.yaml:9:51: distill.schedule.milestones[1]: expected a number above 0 and below 1, found 2',
      'my.yaml:11:20: evaluate.length.steps: expected an integer from 1 to 100000000, found 0',
      "my.yaml:12:16: evaluate.optimizer.learningrate: unknown key for kind adamw; did you mean 'learningRate'?",
      "my.yaml:13:17: evaluate.augmentation: expected a mapping of keys, or the word 'official', 'dsa' or 'none', found 'weak'",
    ]);
  });

  it.each([
    ['seed: 1\nseed: 2', 'my.yaml:2:1: seed: this key is given twice in one mapping'],
    ['seed: [1', 'my.yaml:1:9: not valid YAML: Flow sequence'],
    ['- 1', 'my.yaml:1:1: expected a mapping of keys, found a list of 1'],
    ['seed: !!thing 1', 'my.yaml:1:7: not valid YAML: Unresolved tag'],
    ['seed: *one', 'my.yaml:1:7: '],
    ['1: 2', 'my.yaml:1:1: expected the name of a setting as the key'],
    ['seed: 1\n---\nseed: 2', 'not valid YAML: Source contains multiple documents'],
    ['__proto__: { seed: 1 }', 'my.yaml:1:1: __proto__: unknown key'],
    ['constructor: 1', 'my.yaml:1:1: constructor: unknown key'],
    ['a: &a [*a]', 'my.yaml:1:8: too many or too deeply nested values'],
    ['['.repeat(20_000), 'my.yaml:1:'],
  ])('tells what is wrong with the YAML %#', (yaml, expected) => {
    expect(problems(yaml).join('\n')).toContain(expected);
  });

  it('stops aliases that multiply', () => {
    const levels = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh']) {
      levels.push(`${to}: &${to} [${Array(8).fill(`*${from}`).join(', ')}]`);
    }
    expect(problems(levels.join('\n'))[0]).toContain('too many or too deeply nested values');
  });

  it('says that a folder is no configuration, and what in it may be', () => {
    const folder = temporaryFolder();
    expect(problemsFrom(folder)).toEqual([
      `${folder} is a folder; name a file in it, such as ${folder}/config.yaml`,
    ]);
  });
});
