import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

// Programs of a user's, which have the compiled package alone. They run in processes of their own, as worker processes do.

const root = fileURLToPath(new URL('..', import.meta.url));
const definitions = join(root, 'test/own/definitions.mjs');

/** A folder from where `ncfm` is found as an installed package is. */
function folderInside(): string {
  mkdirSync(join(root, 'build'), { recursive: true });
  const path = mkdtempSync(join(root, 'build', 'own-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function program(folder: string, text: string) {
  const path = join(folder, 'program.mjs');
  writeFileSync(path, text);
  return spawnSync(process.execPath, [path], { cwd: folder, encoding: 'utf8' });
}

/** What a program prints, as JSON. */
function printed(folder: string, text: string): unknown {
  const child = program(folder, text);
  expect(child).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(child.stdout);
}

function ncfm(folder: string, ...args: readonly string[]) {
  const main = join(root, 'dist/cli/main.js');
  return spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });
}

const options = `{
  imagesPerClass: 1, iterations: 6, seed: 3, threads: 2,
  formation: { factor: 1 }, matching: { realPerClass: 4 }, frequencies: { count: 16 },
  model: small.with({ width: 5 }), augmentation: fade,
  pretrain: { networks: 1, length: { epochs: 2 }, augmentation: fade },
}`;

const configuration = `imports: [definitions.mjs]
seed: 3
threads: 2
dataset: { name: stripes }
model: { name: small, width: 5 }
pretrain: { networks: 1, length: { epochs: 2 }, augmentation: none }
distill:
  imagesPerClass: 1
  iterations: 6
  formation: { factor: 1 }
  matching: { realPerClass: 4 }
  frequencies: { count: 16 }
  augmentation: none
evaluate: { seeds: 2, length: { steps: 20 }, concurrency: 2 }
`;

const own = ['pretrain', 'distill'].flatMap((key) => ['--set', `${key}.augmentation.own=fade`]);

/** The user's module and what imports it, in a folder; the module may have been changed. */
function project(change = (text: string): string => text): string {
  const folder = folderInside();
  writeFileSync(join(folder, 'definitions.mjs'), change(readFileSync(definitions, 'utf8')));
  writeFileSync(join(folder, 'own.yaml'), configuration);
  return folder;
}

const imports = `import { distill, evaluate, loadDataset } from 'ncfm';
  import { fade, small, stripes } from './definitions.mjs';
  const hex = (set) => Buffer.from(set.stored().pixels.buffer).toString('hex');`;

describe("a user's own model, augmentation and dataset", () => {
  it('are pretrained, distilled and evaluated by worker processes, as values and by name alike', () => {
    const folder = project();
    const asValues = printed(
      folder,
      `${imports}
      const data = await loadDataset(stripes);
      const set = await distill(data, ${options});
      const report = await evaluate(set, data, {
        models: [small, 'mlp'], augmentation: fade, seeds: 2, threads: 2, concurrency: 2, length: { steps: 20 },
      });
      console.log(JSON.stringify({ images: hex(set), models: report.models.map((each) => each.set.trainings.length) }));
      set.dispose();`,
    ) as { images: string };
    expect(asValues).toMatchObject({ models: [2, 2] });
    expect(ncfm(folder, 'run', 'own.yaml', ...own, '--quiet')).toMatchObject({ status: 0 });
    const byName = printed(
      folder,
      `import { openDistilledSet } from 'ncfm';
      const set = await openDistilledSet('runs/own');
      console.log(JSON.stringify(Buffer.from(set.stored().pixels.buffer).toString('hex')));
      set.dispose();`,
    );
    expect(byName).toBe(asValues.images);
    const written = readFileSync(join(folder, 'runs/own/config.yaml'), 'utf8');
    expect(written).toMatch(/name: small, width: 5|width: 5, name: small/);
    expect(ncfm(folder, 'evaluate', 'runs/own', '--quiet')).toMatchObject({ status: 0 });
  });

  it('go on from where they were stopped, but not with other code', () => {
    const folder = project();
    const stopped = `${imports}
      const data = await loadDataset(stripes);
      for await (const { iteration } of distill.steps(data, { ...${options}, folder: 'kept' })) {
        if (iteration === 2) break;
      }
      console.log('true');`;
    const finished = `${imports}
      const told = [];
      const onEvent = ({ type, iteration }) => { if (type === 'distill-resume') told.push(iteration); };
      const data = await loadDataset(stripes);
      const kept = await distill(data, { ...${options}, folder: 'kept', onEvent });
      const whole = await distill(data, ${options});
      console.log(JSON.stringify({ told, same: hex(kept) === hex(whole) }));`;
    expect(printed(folder, stopped)).toBe(true);
    const module = join(folder, 'definitions.mjs');
    const text = readFileSync(module, 'utf8');
    writeFileSync(module, text.replace('relu(first', 'relu(first /* another way */'));
    const changed = program(folder, finished);
    expect(changed.status).toBe(1);
    expect(changed.stderr).toContain('UsageError');
    expect(changed.stderr).toMatch(/model\.version/);
    writeFileSync(module, text);
    expect(printed(folder, finished)).toEqual({ told: [2], same: true });
  });

  it('are not given to worker processes that cannot import them', () => {
    const folder = project();
    const { status, stderr } = program(
      folder,
      `${imports}
      import { defineModel } from 'ncfm';
      const { build, ...rest } = { build: (_, input, classes, random) => small.build({}, input, classes, random) };
      const data = await loadDataset(stripes);
      const set = await distill(data, ${options});
      const options = { seeds: 2, threads: 2, concurrency: 2, length: { steps: 5 } };
      for (const code of [{ version: '1' }, { module: import.meta.url }]) {
        const model = defineModel(code.version ? 'versioned' : 'inline', { ...code, build });
        await evaluate(set, data, { ...options, model }).catch((error) => console.error(error.message));
        await evaluate(set, data, { ...options, concurrency: 1, model });
      }
      set.dispose();`,
    );
    expect(status).toBe(0);
    expect(stderr).toContain("cannot have 'versioned', which was defined with a version alone");
    expect(stderr).toContain("cannot have 'inline' without running the whole program again");
  });
});

describe('a configuration that imports modules', () => {
  it.each([
    ['absent.mjs', '', 'own.yaml:1:11: imports[0]: '],
    ['broken.mjs', 'throw new Error("half done")', 'cannot be imported: half done'],
    ['idle.mjs', 'export const x = 1', 'idle.mjs defines nothing here'],
    [
      'twice.mjs',
      "import { defineModel } from 'ncfm'; defineModel('mlp', { version: '1', build: () => {} })",
      "there is a model named 'mlp' already",
    ],
  ])('is told of %s', (name, text, expected) => {
    const folder = project();
    if (text !== '') writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'own.yaml'), configuration.replace('definitions.mjs', name));
    const { status, stderr } = ncfm(folder, 'run', 'own.yaml');
    expect(status).toBe(2);
    expect(stderr).toContain(expected);
  });

  it('has options of the kinds that they were defined with', () => {
    const folder = project();
    const { stderr } = ncfm(
      folder,
      'run',
      'own.yaml',
      '--set',
      'model={ name: small, width: wide, depth: 3 }',
      '--set',
      'distill.augmentation.own=fad',
    );
    expect(stderr).toContain("model.width: expected a number, found 'wide'");
    expect(stderr).toContain('model.depth: unknown key for the model small');
    expect(stderr).toContain('distill.augmentation.own: expected');
  });
});
