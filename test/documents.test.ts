import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ncfm } from '../src/cli/testing/capture.js';
import { loadPlan } from '../src/config/index.js';
import { presetNames } from '../src/config/presets.js';
import * as data from '../src/entries/data.js';
import * as evaluation from '../src/entries/evaluate.js';
import * as methods from '../src/entries/methods.js';
import * as models from '../src/entries/models.js';
import * as runs from '../src/entries/run.js';
import * as tensors from '../src/entries/tensor.js';
import * as library from '../src/index.js';
import { methodNames, methodOf, usualMethod } from '../src/methods/index.js';
import { ncfmOptions } from '../src/plan/testing/plan.js';
import { anchors, blocks, commandLines, documents, inlineCode, read } from './documents.js';
import { PICTURE } from './layering.js';

describe('the documents', () => {
  it('show the defaults as they are', () => {
    const page = read('docs/configuration.md');
    expect(page).toContain(read('src/config/defaults.yaml'));
    const [method] = blocks(page, 'yaml').filter((yaml) => yaml.startsWith('distill:\n  method:'));
    expect(parse(method!).distill).toEqual(methodOf(usualMethod).defaults);
  });

  it('show the example as it is', () => {
    expect(read('README.md')).toContain(read('examples/distill-arrays.mjs'));
  });

  it('show the picture of the rooms as it is tested', () => {
    for (const line of PICTURE.split('\n')) {
      expect(read('CONTRIBUTING.md')).toContain(line.trim());
    }
  });

  it.each(documents)('link to what is there: %s', (path) => {
    const text = read(path);
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    for (const target of links.filter((link) => !/^\w+:/.test(link))) {
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? path : join(dirname(path), file);
      expect(existsSync(linked), `${path}: ${target}`).toBe(true);
      if (anchor !== undefined) expect([...anchors(read(linked))], target).toContain(anchor);
    }
  });

  it.each(documents)('name files that are there: %s', (path) => {
    const named = inlineCode(read(path)).filter((code) =>
      /^(src|test|bench|docs|scripts|native|examples|assets)\/[\w./-]*$/.test(code),
    );
    for (const file of named) expect(existsSync(file), `${path}: ${file}`).toBe(true);
  });

  it.each(documents)('name scripts of the package: %s', (path) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, name] of read(path).matchAll(
      /npm (?:run )?((?:test|quickstart|\w+:\w+)\b|(?<=run )\w+)/g,
    )) {
      expect(Object.keys(scripts), path).toContain(name);
    }
  });
});

/** The functions of all entries, and the methods of a set. */
const exported: readonly string[] = [
  ...[library, data, evaluation, methods, models, runs, tensors].flatMap(Object.keys),
  ...Object.getOwnPropertyNames(library.DistilledSet.prototype),
];

/** Loads a configuration by the compiled package, as modules that it imports do. */
function loadsCompiled(yaml: string, folder: string): void {
  const file = join(folder, 'own.yaml');
  writeFileSync(
    file,
    yaml.replace('../examples', fileURLToPath(new URL('../examples', import.meta.url))),
  );
  const program = `import { loadPlan } from 'ncfm'; loadPlan({ source: ${JSON.stringify(file)} })`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd });
  expect(String(child.stderr)).toBe('');
}

describe('the names in the documents', () => {
  it.each(documents)('that are called are exported: %s', (path) => {
    const called = inlineCode(read(path)).flatMap((code) => /^([a-z]\w*)\(/.exec(code)?.[1] ?? []);
    const ours = called.filter((name) => !['scope', 'round', 'build'].includes(name));
    for (const name of ours) expect(exported, `${path}: ${name}`).toContain(name);
  });

  it.each(documents)('that are events are those of a run: %s', (path) => {
    const events = read('src/run/events.ts') + read('src/run/lifecycle-events.ts');
    const stages = 'run|pretrain|distill|evaluate|search|continual|label|decode';
    for (const code of inlineCode(read(path))) {
      if (!new RegExp(`^(${stages})-[a-z-]+$`).test(code) || presetNames().includes(code)) continue;
      expect(events, `${path}: ${code}`).toContain(`'${code}'`);
    }
  });
});

/** The command that words begin with, `data get`, and what `--help` says of it. */
async function helpOf(line: readonly string[]): Promise<{ command: string; help: string }> {
  const groups = ['data', 'config'];
  const command = line.slice(0, groups.includes(line[0]!) ? 2 : 1);
  const { stdout, exitCode } = await ncfm(...command, '--help');
  expect(exitCode, command.join(' ')).toBe(0);
  return { command: command.join(' '), help: stdout };
}

/** The presets' and own configurations that a command line runs: any that it could be. */
function sourceOf(line: readonly string[]): string {
  const file = line.find((word) => word.endsWith('.yaml') && existsSync(word));
  if (file !== undefined) return file;
  const named = line.map((word) => word.replace(/^runs\//, '').replace(/\/.*$/, ''));
  return named.find((word) => presetNames().includes(word)) ?? 'digits';
}

describe('the command lines of the documents', () => {
  it.each(documents)('are those of the program: %s', async (path) => {
    for (const line of commandLines(read(path))) {
      const { command, help } = await helpOf(line);
      expect(help, `${path}: ncfm ${command}`).toContain(`Usage: ncfm ${command}`);
      for (const word of line.filter((each) => each.startsWith('--'))) {
        expect(help, `${path}: ncfm ${line.join(' ')}`).toMatch(
          new RegExp(`${word.split('=')[0]}\\b`),
        );
      }
    }
  });

  it.each(documents)('name presets or files: %s', (path) => {
    const runs = commandLines(read(path)).filter(([command = '']) =>
      ['run', 'plan', 'distill', 'pretrain', 'search', 'continual'].includes(command),
    );
    for (const [command, source = ''] of runs) {
      const isName = /^[\w-]+$/.test(source) && !source.startsWith('-');
      if (isName) expect(presetNames(), `${path}: ncfm ${command} ${source}`).toContain(source);
    }
  });

  it.each(documents)('set settings that there are: %s', (path) => {
    for (const line of commandLines(read(path))) {
      const overrides = line.flatMap((word, index) => (line[index - 1] === '--set' ? [word] : []));
      if (overrides.length === 0 || overrides.some((each) => each.includes('…'))) continue;
      expect(
        () => loadPlan({ source: sourceOf(line), overrides }),
        `${path}: ${line.join(' ')}`,
      ).not.toThrow();
    }
  });
});

/** Settings by which others come to be there. */
const forms: readonly (readonly string[])[] = [
  [],
  ['evaluate.labels={ mode: static }'],
  ['distill.frequencies={ kind: sampling-network }'],
  ['distill.matching={ strategy: stratified, realPerCluster: 8, groups: auto }'],
  ['distill.formation={ mode: bound, factor: 2, budget: 8 }'],
  ['model={ name: resnet }'],
];

/** Whether there is a setting of this name, in some form of a configuration. */
function isSetting(key: string): boolean {
  const methods = methodNames().map((name) => [`distill.method=${name}`]);
  return [...forms, ...methods].some((form) => {
    try {
      loadPlan({ source: 'digits', overrides: [...form, `${key}={ none: 0 }`] });
      return true;
    } catch (error) {
      return (
        !(error as Error).message.includes(`${key}: unknown key`) &&
        !isBelowText(error as Error, key)
      );
    }
  });
}

/** Whether what a setting is said to be in is no mapping, or is not there itself. */
function isBelowText({ message }: Error, key: string): boolean {
  const above = key.slice(0, key.lastIndexOf('.'));
  return message.includes(`${above}: expected`) || message.includes(`${above}: unknown key`);
}

describe('the settings of the documents', () => {
  const sections =
    'dataset|chunks|model|student|pretrain|distill|checkpoint|evaluate|wholeData|search|continual';

  it.each(documents)('are there: %s', (path) => {
    const named = inlineCode(read(path)).flatMap((code) => {
      const [, key] =
        new RegExp(`^(?:--set )?((?:${sections})(?:\\.[a-z]\\w*)+)(?:[:=]|$)`, 'i').exec(code) ??
        [];
      // `search.json` and the like are files.
      return key === undefined || /\.(json|svg|md|png|yaml)$/.test(key) ? [] : [key];
    });
    expect(named.filter((key) => !isSetting(key))).toEqual([]);
  });

  it('would be missed if they were not', () => {
    for (const key of ['evaluate.sets', 'distill.alpha.beta', 'evaluate.labels.teachers']) {
      expect(isSetting(key), key).toBe(false);
    }
  });

  it.each(documents)('are valid in examples: %s', (path) => {
    const folder = mkdtempSync(join(tmpdir(), 'ncfm-documents-'));
    const shown = blocks(read(path), 'yaml').flatMap((yaml) =>
      // Of a key that is shown twice either is meant.
      /^(\w+):.*^\1:/ms.test(yaml) ? yaml.trim().split('\n') : yaml,
    );
    for (const yaml of shown) {
      const file = join(folder, 'my.yaml');
      if (yaml === read('src/config/defaults.yaml')) continue;
      if (/^imports: \[\S/m.test(yaml)) {
        loadsCompiled(yaml, folder);
        continue;
      }
      writeFileSync(file, yaml.includes('extends:') ? yaml : `extends: own-data\n${yaml}`);
      const changes = yaml.includes('path:') || yaml.includes('extends:') ? {} : { data: 'digits' };
      expect(() => loadPlan({ source: file, ...changes }), `${path}: ${yaml}`).not.toThrow();
    }
    rmSync(folder, { recursive: true });
  });
});

/** Rows of the table of one iteration against PyTorch 2: ratios of times to its two forms, and of memories. */
function measuredIterations() {
  const rows = read('docs/performance.md').matchAll(
    /^\| (.*?) \| o\w+ \| [\d.]+ s \| [\d.]+ s \| ([\d.]+)× \| [\d.]+ s \| \*\*([\d.]+)×\*\* \| ([\d.]+) GB \| ([\d.]+) GB \|$/gm,
  );
  return [...rows].map(([, setting, single, fastest, ours, theirs]) => ({
    classes: setting!.includes('CIFAR-100') ? 100 : 10,
    single: Number(single),
    fastest: Number(fastest),
    memory: Number(ours) / Number(theirs),
  }));
}

/** Of the table of training against PyTorch 2, second order last. */
function trainingRatios(): number[] {
  const [, section] = read('docs/performance.md').split('## Training\n');
  const rows = section!.split('\n## ')[0]!.matchAll(/^\| [a-z ]+, width .* ([\d.]+)× \|$/gm);
  return [...rows].map(([, ratio]) => Number(ratio));
}

describe("the README's promises", () => {
  const readme = read('README.md').replaceAll(/\s+/g, ' ');
  const span = (values: readonly number[], digits: number): string =>
    [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits)).join(' to ');

  it('of speed and memory are what the tables say', () => {
    const rows = measuredIterations();
    expect(rows).toHaveLength(10);
    const ratios = (form: 'single' | 'fastest'): string =>
      span(
        rows.map((row) => row[form]),
        2,
      );
    expect(readme).toContain(`an iteration is ${ratios('fastest')} times faster`);
    expect(readme).toContain(`${ratios('single')} times faster than that compiled in single`);
    const training = trainingRatios();
    expect(training).toHaveLength(4);
    expect(readme).toContain(
      `Training is ${span(training.slice(0, 3), 1)} times faster, second-order steps are ${training[3]} times`,
    );
    const memories = (classes: number): string =>
      span(
        rows.filter((row) => row.classes === classes).map(({ memory }) => memory),
        2,
      );
    expect(readme).toContain(`Memory is ${memories(10)} of its with ten classes`);
    expect(readme).toContain(`${memories(100)} with a hundred`);
  });

  it('of accuracy are what the results say', () => {
    const table = /\| Fashion-MNIST, 10 images per class .*?\n\n/s.exec(read('README.md'))![0];
    const figures = table.match(/\d+\.\d+ ± \d+\.\d+/g) ?? [];
    expect(figures.length).toBeGreaterThanOrEqual(3);
    for (const figure of figures) expect(read('docs/results.md')).toContain(figure);
  });

  it('of a platform are one and the same everywhere', () => {
    const { os, cpu } = JSON.parse(read('package.json')) as { os: string[]; cpu: string[] };
    expect([os, cpu]).toEqual([['linux'], ['x64']]);
    expect(readme).toContain('Linux on x86-64 (tested on Debian 12');
    expect(read('CONTRIBUTING.md')).toContain('on Linux on x86-64 (Debian 12');
    for (const path of documents) expect(read(path), path).not.toMatch(/macOS|Windows/);
  });

  it('of the sampling network are what the presets say', () => {
    const kinds = presetNames().map((name) => {
      const data = name === 'own-data' ? { data: 'digits' } : {};
      return ncfmOptions(loadPlan({ source: name, ...data }).plan).frequencies.kind;
    });
    expect(readme).toContain('no preset does');
    expect(kinds).not.toContain('sampling-network');
  });
});
