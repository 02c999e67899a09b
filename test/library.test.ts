import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writePictures } from '../src/data/testing/picture-folders.js';
import { read } from './documents.js';

const root = fileURLToPath(new URL('..', import.meta.url));

const { exports } = JSON.parse(read('package.json')) as {
  exports: Record<string, { types: string; default: string }>;
};
/** `ncfm`, `ncfm/tensor`, … */
const entries = Object.keys(exports).map((path) => path.replace('.', 'ncfm'));

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ncfm-library-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function node(args: readonly string[], cwd = root) {
  return spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
}

describe('the public entries', () => {
  it('are the root and a few below it, all of them compiled', () => {
    expect(entries).toEqual([
      'ncfm',
      'ncfm/tensor',
      'ncfm/data',
      'ncfm/models',
      'ncfm/methods',
      'ncfm/evaluate',
      'ncfm/run',
    ]);
    for (const { types, default: code } of Object.values(exports)) {
      for (const path of [types, code]) expect(existsSync(join(root, path)), path).toBe(true);
    }
    const docs = read('docs/library.md');
    for (const entry of entries) expect(docs).toContain(`\`${entry}\``);
  });

  it('export at most 80 names at the root, types among them', () => {
    const path = join(root, 'src/index.ts');
    const program = ts.createProgram([path], { module: ts.ModuleKind.NodeNext, noLib: true });
    const checker = program.getTypeChecker();
    const module = checker.getSymbolAtLocation(program.getSourceFile(path)!)!;
    const names = checker.getExportsOfModule(module).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['distill', 'evaluate', 'RunEvent']));
    expect(names.length).toBeLessThanOrEqual(80);
  });

  it.each(entries)('need no LibTorch to be imported: %s', (entry) => {
    const { status, stdout, stderr } = node([
      '--input-type=module',
      '-e',
      `await import('${entry}');
      const { isLoaded } = await import('./dist/tensor/native.js');
      console.log(isLoaded());`,
    ]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'false\n', stderr: '' });
  });

  it('read presets, configurations and event logs without LibTorch, which the first tensor needs', () => {
    const log = join(temporaryFolder(), 'events.jsonl');
    writeFileSync(log, '{"time":"2026-01-01T00:00:00.000Z","type":"run-end","seconds":1}\n');
    const { stdout, stderr } = node([
      '--input-type=module',
      '-e',
      `import { arrayDataset, listPresets, loadPlan, readEvents, RandomGenerator } from 'ncfm';
      const { isLoaded } = await import('./dist/tensor/native.js');
      const plans = listPresets().map(({ name }) =>
        loadPlan({ source: name, ...(name === 'own-data' && { data: 'digits' }) }));
      const shape = { channels: 1, height: 1, width: 1 };
      arrayDataset({ name: 'a', split: 'b', shape, pixels: Uint8Array.of(1, 2), labels: [0, 1] });
      const before = [plans.length > 20, readEvents(${JSON.stringify(log)}).length, isLoaded()];
      new RandomGenerator(0).uniform();
      console.log(JSON.stringify([...before, isLoaded()]));`,
    ]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([true, 1, false, true]);
  });
});

/** Runs an example as a user does, in a folder of its own. */
function example(name: string, folder: string, ...args: readonly string[]): string {
  const child = node([join(root, 'examples', name), ...args], folder);
  expect(child).toMatchObject({ status: 0, stderr: '' });
  return child.stdout;
}

describe('the examples', () => {
  it('distil arrays in memory: what they say is what happens', () => {
    const folder = temporaryFolder();
    const told = example('distill-arrays.mjs', folder);
    expect(told).toMatch(/^iteration 20: .*\niteration 40: .*\niteration 60: /);
    const [distilled, random] = [...told.matchAll(/: (\d+\.\d) %/g)].map(([, value]) => value);
    // At least 13 points apart with each of six other seeds.
    expect(Number(distilled)).toBeGreaterThan(Number(random));
    // Nothing else is written.
    expect(readdirSync(folder)).toEqual(['bars.png']);
  });

  it("distil a folder of the user's", async () => {
    const folder = temporaryFolder();
    await writePictures(join(folder, 'mine'), ['cats', 'dogs'], 10);
    const told = example('own-folder.mjs', folder, 'mine');
    expect(told).toContain('4 of 20 pictures are held out for testing');
    expect(told).toMatch(/\d+ pictures of cats, dogs are in .*distilled\n$/);
    expect(readdirSync(folder).sort()).toEqual(['distilled', 'mine']);
  });

  it("distil with a model of the user's and train it in worker processes", () => {
    const told = example('own-model.mjs', temporaryFolder());
    expect(told.match(/^(thin|mlp): \d+\.\d %, random: \d+\.\d %$/gm)).toHaveLength(3);
  });

  it('distil by a method of their own', () => {
    const told = example('own-method.mjs', temporaryFolder());
    expect(told).toMatch(/^class means: \d+\.\d %, random: \d+\.\d %\n$/);
  });

  it('compare methods', () => {
    const folder = temporaryFolder();
    const told = example('compare-methods.mjs', folder);
    expect(told.match(/^\d\/3 (random|dm|dsa)$/gm)).toHaveLength(3);
    expect(told.match(/^\D+: \d+\.\d %$/gm)).toHaveLength(3);
    expect(readdirSync(join(folder, 'runs/methods'))).toContain('compare.svg');
  });

  it('go on where they were stopped', () => {
    const folder = temporaryFolder();
    expect(example('resume.mjs', folder)).toBe(
      'stopped after iteration 10\ngoes on after iteration 10\nthe set is in resumed/set\n',
    );
  });

  it('evaluate a set that says nothing of where it comes from', () => {
    const folder = temporaryFolder();
    example('resume.mjs', folder);
    const main = join(root, 'dist/cli/main.js');
    const args = ['export', 'resumed/set', '--format', 'pt', '--out', 'exported'];
    expect(node([main, ...args], folder)).toMatchObject({ status: 0 });
    // Away from its description it is as any project's.
    renameSync(join(folder, 'exported/data.pt'), join(folder, 'theirs.pt'));
    const told = example('foreign-set.mjs', folder, 'theirs.pt', 'digits');
    expect(told.match(/^(convnet|mlp): \d+\.\d %, random: \d+\.\d %$/gm)).toHaveLength(2);
  });

  it('release what is declared with `using`', () => {
    // Node runs `using` from version 24 on; compiled, it runs anywhere.
    const { outputText } = ts.transpileModule(read('examples/using.ts'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    const child = node(['--input-type=module', '-e', outputText]);
    expect(child).toMatchObject({ status: 0, stderr: '' });
    expect(child.stdout).toMatch(/^(10 images|it has not settled)\n$/);
  });

  it('are all run here', () => {
    const programs = readdirSync(join(root, 'examples')).filter((name) => /\.(mjs|ts)$/.test(name));
    const tests = read(`test/${basename(import.meta.url)}`);
    const modules = ['thin-network.mjs', 'class-means.mjs'];
    for (const name of programs.filter((name) => !modules.includes(name))) {
      expect(tests, name).toContain(name);
    }
  });
});
