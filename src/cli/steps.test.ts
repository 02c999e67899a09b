import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { labelsByClass } from '../distill/index.js';
import { savePt } from '../tensor/index.js';
import { RandomGenerator, testDevice } from '../tensor/testing/on-device.js';
import { ncfm } from './testing/capture.js';
import { folders } from './testing/folders.js';

describe('the steps of a run', () => {
  it('are commands of their own that go on from each other', async () => {
    const { runs, flags } = folders();
    const cache = flags.slice(2);
    const pretrained = await ncfm('pretrain', 'digits', ...cache, '--json');
    expect(JSON.parse(pretrained.stdout)).toMatchObject({ networks: 1 });

    const distilled = await ncfm('distill', 'digits', ...flags, '--name', 'mine');
    expect(distilled).toMatchObject({ exitCode: 0, stdout: `${join(runs, 'mine')}\n` });
    expect(distilled.stderr).toContain('1 network reused');

    const seeds = ['--set', 'evaluate.seeds=2', '--json'];
    const evaluated = await ncfm('evaluate', join(runs, 'mine'), ...seeds);
    expect(JSON.parse(evaluated.stdout).accuracy.distilled.n).toBe(2);
    expect(existsSync(join(runs, 'mine', 'results.json'))).toBe(true);
  });

  it('are done for several distillations, whose table tells both sources of what they differ by', async () => {
    const { runs, flags } = folders();
    const short = ['--set', 'evaluate.length={ steps: 5 }', '--set', 'evaluate.seeds=2'];
    const options = ['digits', ...flags, ...short, '--resume', '--repeats'];
    const one = await ncfm('run', ...options, '1');
    expect(one.stdout).toMatch(/^ncfm .* trainings of this set$/m);
    const three = await ncfm('run', ...options, '3');
    expect(three.stdout).toMatch(/^set .* distillations +between them +between trainings$/m);
    expect(readdirSync(join(runs, 'digits', 'repeats'))).toEqual(['2', '3']);

    const cache = flags.slice(2, 4);
    const evaluated = await ncfm('evaluate', join(runs, 'digits'), ...cache, '--json');
    const { accuracy, runs: all } = JSON.parse(evaluated.stdout);
    expect(accuracy.distilled).toMatchObject({ n: 3, trainings: 2 });
    expect(all).toHaveLength(3);
  });

  it('evaluate several networks at once, to the same figures', async () => {
    const { runs, flags } = folders();
    await ncfm('distill', 'digits', ...flags);
    const mine = join(runs, 'digits');
    const seeds = ['--set', 'evaluate.seeds=2', '--set', 'evaluate.length={ steps: 20 }'];
    const figures = async (...more: readonly string[]) => {
      const { stdout } = await ncfm('evaluate', mine, ...seeds, ...more, '--json');
      const { accuracy, protocol } = JSON.parse(stdout);
      return { accuracy, protocol: protocol.hash };
    };
    const atOnce = await figures('--threads', '2', '--set', 'evaluate.concurrency=2');
    // Each had one thread, so that one thread finds all of them trained.
    const evaluations = readdirSync(join(mine, 'networks')).length;
    expect(await figures('--threads', '1')).toEqual(atOnce);
    expect(readdirSync(join(mine, 'networks'))).toHaveLength(evaluations);
    expect(existsSync(join(mine, 'scratch'))).toBe(false);
    const refused = await ncfm(
      'evaluate',
      mine,
      '--threads',
      '1',
      '--set',
      'evaluate.concurrency=2',
    );
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain('evaluate.concurrency: 2 networks at once need a thread each');
  });

  it('go on to soft labels, to other networks, and to the ranking of the set', async () => {
    const { runs, flags } = folders();
    const cache = flags.slice(2);
    await ncfm('distill', 'digits', ...flags);
    const mine = join(runs, 'digits');

    const labelled = await ncfm('label', mine, ...cache, '--json');
    expect(JSON.parse(labelled.stdout)).toMatchObject({ images: 50, teacher: { networks: 1 } });
    expect(existsSync(join(mine, 'distilled', 'labels.safetensors'))).toBe(true);

    const quick = ['--set', 'evaluate.seeds=1', '--set', 'evaluate.length={ steps: 5 }', ...cache];
    const others = await ncfm('evaluate', mine, '--models', 'mlp,convnet1', ...quick);
    expect(others.stdout).toMatch(/^network +random \(%\) +set \(%\) +n\nmlp .*\nconvnet1 /);
    expect(existsSync(join(mine, 'cross-architecture.json'))).toBe(true);

    const whole = ['--set', 'wholeData={ epochs: 0.1, networks: 1 }'];
    const ranked = await ncfm('evaluate', mine, '--ranking', ...quick, ...whole);
    expect(ranked.stdout).toMatch(/^label-robust score \(LRS\) +\d+\.\d\d\naugmentation-robust/);
    expect(existsSync(join(mine, 'ranking.json'))).toBe(true);

    const exported = await ncfm('export', mine, '--format', 'npz');
    expect(exported.stdout.trim()).toMatch(/export\/npz-decoded$/);
    expect(await ncfm('export', mine, '--format', 'gif')).toMatchObject({ exitCode: 2 });

    const soft = ['--set', 'evaluate.labels={ mode: static }'];
    // The set has labels of its own; the random images that it is compared with are labelled now.
    const set = join(mine, 'export', 'npz-decoded');
    const as = ['--data', 'digits', '--config', 'digits', ...quick, ...soft];
    const softly = await ncfm('evaluate', set, ...as, '--json');
    expect(JSON.parse(softly.stdout).accuracy).toMatchObject({ random: { n: 1 }, set: { n: 1 } });
    const evaluated = await ncfm('evaluate', mine, ...quick, ...whole, ...soft, '--json');
    const { protocol, wholeData } = JSON.parse(evaluated.stdout);
    expect(protocol.labels.mode).toBe('static');
    expect(wholeData).toMatchObject({ epochs: 0.1, n: 1 });
  });

  it('evaluate a set of another project on the data that it stands for', async () => {
    const { runs, flags } = folders();
    mkdirSync(runs, { recursive: true });
    const path = join(runs, 'set.pt');
    using images = new RandomGenerator(1).uniformTensor([10, 1, 8, 8]);
    using labels = labelsByClass(10, 1, testDevice);
    savePt(path, [images, labels]);
    const unnamed = await ncfm('evaluate', path);
    expect(unnamed.stderr).toMatch(/set\.pt is no run directory.*--data fashion-mnist/);

    const quick = ['--set', 'evaluate.seeds=1', '--set', 'evaluate.length={ steps: 5 }'];
    const as = ['--data', 'digits', '--config', 'digits', ...quick, ...flags.slice(2)];
    const evaluated = await ncfm('evaluate', path, ...as, '--factor', '2', '--json');
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ dataset: 'digits', images: 40 });
    const table = await ncfm('evaluate', path, ...as);
    expect(table.stdout).toMatch(/^set +accuracy \(%\) +n +over\nrandom .*\nset /);
    const others = await ncfm('evaluate', path, ...as, '--models', 'mlp');
    expect(others.stdout).toMatch(/^network .*\nmlp /);
  });

  it('do not evaluate a folder that is no run', async () => {
    const { runs } = folders();
    mkdirSync(join(runs, 'empty'), { recursive: true });
    expect(await ncfm('evaluate', join(runs, 'empty'))).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('a configuration', () => {
  it('is shown with every default, and runs as it is shown', async () => {
    const { folder } = folders();
    const shown = await ncfm('config', 'show', 'digits', '--ipc', '3');
    expect(shown.stdout).toMatch(/^ {2}imagesPerClass: 3$/m);
    const path = join(folder, 'shown.yaml');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, shown.stdout);
    const again = await ncfm('config', 'show', path);
    expect(again.stdout).toBe(shown.stdout);
  });

  it('of the official project is imported into a new file, with a table of its keys', async () => {
    const { folder } = folders();
    mkdirSync(folder, { recursive: true });
    const [official, out] = [join(folder, 'official.yaml'), join(folder, 'mine.yaml')];
    writeFileSync(official, 'dataset: { dataset: cifar10 }\ncondense: { ipc: 10, colour: red }\n');
    const imported = await ncfm('config', 'import', official, '--out', out);
    expect(imported).toMatchObject({ exitCode: 0, stdout: `${out}\n` });
    expect(imported.stderr).toMatch(/^mapped +condense\.ipc: 10 +distill\.imagesPerClass: 10$/m);
    expect(imported.stderr).toMatch(/^unknown +condense\.colour: red +\(not known/m);
    const shown = await ncfm('config', 'show', out);
    expect(shown.stdout).toMatch(/name: cifar-10/);
    const again = await ncfm('config', 'import', official, '--out', out);
    expect(again).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
