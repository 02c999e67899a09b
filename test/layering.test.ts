import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  ARROWS,
  describeViolations,
  findLayeringViolations,
  findLongFiles,
  findRings,
  MOST_LINES,
  PICTURE,
  type SourceFile,
} from './layering.js';

const root = fileURLToPath(new URL('..', import.meta.url));

function read(directory: string, suffix: RegExp): SourceFile[] {
  return readdirSync(`${root}${directory}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => suffix.test(name))
    .map((name) => `${directory}/${name}`)
    .map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }));
}

function isProduct({ path }: SourceFile): boolean {
  return !/\.test\.ts$|\/testing\//.test(path);
}

const sources = read('src', /\.ts$/);
const page = read('studio', /\.tsx?$/);
const nativeSources = read('native', /\.(cc|h)$/);

describe('the repository', () => {
  it('imports along the arrows of the architecture only', () => {
    expect(sources.length).toBeGreaterThan(20);
    const violations = describeViolations(findLayeringViolations(sources));
    expect(violations, `${violations}\n\nThe arrows are:\n${PICTURE}`).toBe('');
  });

  it('has no ring of files, types included', () => {
    expect(
      findRings([...sources, ...page, ...read('bench', /\.ts$/), ...read('test', /\.ts$/)]),
    ).toEqual([]);
  });

  it('has no ring of the folders in data, tests aside', () => {
    const files = sources.filter(
      (file) => /^src\/data\/[^/]+\//.test(file.path) && isProduct(file),
    );
    expect(files.length).toBeGreaterThan(50);
    expect(findRings(files, posix.dirname)).toEqual([]);
  });

  it(`keeps every source file within ${MOST_LINES} lines`, () => {
    expect(nativeSources.length).toBeGreaterThan(5);
    const violations = describeViolations(findLongFiles([...sources, ...page, ...nativeSources]));
    expect(violations, violations).toBe('');
  });

  it('keeps every room within 3000 lines, tests aside: each method is one, and so is each folder of data', () => {
    const lines = new Map<string, number>();
    for (const { path, text } of sources.filter(isProduct)) {
      const folder = /^src\/(?:(?:methods|data)\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? 'src';
      lines.set(folder, (lines.get(folder) ?? 0) + text.split('\n').length);
    }
    expect([...lines].filter(([, count]) => count > 3000)).toEqual([]);
  });

  it('has no room without a place in the picture', () => {
    const rooms = readdirSync(`${root}src`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(Object.keys(ARROWS)).toEqual(expect.arrayContaining(rooms));
  });
});

describe('the arrows', () => {
  it('have no cycle', () => {
    for (const [room, allowed] of Object.entries(ARROWS)) {
      for (const left of allowed) {
        expect(ARROWS[left], `${room} and ${left} may import each other`).not.toContain(room);
      }
    }
  });

  it('keep models, data and augment apart', () => {
    for (const from of ['models', 'data', 'augment']) {
      for (const to of ['models', 'data', 'augment']) {
        const problems = check(`src/${from}/a.ts`, `import '../${to}/b.js';`);
        expect(problems.length, `${from} imports ${to}`).toBe(from === to ? 0 : 1);
      }
    }
  });
});

describe('the checker', () => {
  it('names file, line, import and broken arrow', () => {
    const text = "import { a } from './a.js';\n\nimport { train } from '../train/train.js';\n";
    expect(check('src/nn/layers.ts', text)).toEqual([
      "src/nn/layers.ts:3 imports '../train/train.js': train <- nn is no arrow (nn may import: core, tensor)",
    ]);
  });

  it.each([
    ['a type', "import type { Run } from '../cli/run.js';"],
    ['a re-export', "export * from '../cli/run.js';"],
    ['a dynamic import', "const run = await import('../cli/run.js');"],
    ['a type in place', "export type Run = import('../cli/run.js').Run;"],
    ['a require', "const run = require('../cli/run.js');"],
  ])('sees %s', (_kind, text) => {
    expect(check('src/train/train.ts', text)).toHaveLength(1);
  });

  it('does not take comments and strings for imports', () => {
    const text = "// import '../cli/run.js'\nexport const text = \"import '../cli/run.js'\";";
    expect(check('src/nn/layers.ts', text)).toEqual([]);
  });

  it.each([
    ['src/methods/ncfm/condenser.ts', "import '../../run/events.js';"],
    ['src/distill/synthetic.ts', "import '../models/convnet.js';"],
    ['src/cli/main.ts', "import '../tensor/tensor.js';"],
    ['src/index.ts', "export * from './train/train.js';"],
    ['src/data/formats/idx.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/data/formats/idx.test.ts', "import '../../../test/golden.js';"],
    ['src/models/deep/block.ts', "import '../../nn/module.js';"],
  ])('allows %s to say %s', (path, text) => {
    expect(check(path, text)).toEqual([]);
  });

  it.each([
    ['src/data/formats/idx.ts', "import '../../run/events.js';", 'run <- data is no arrow'],
    ['src/core/files.ts', "import '../nn/layers.js';", 'core may import: no other room'],
    ['src/index.ts', "export * from './cli/main.js';", 'cli <- src/index.ts is no arrow'],
    ['src/nn/layers.ts', "import '../index.js';", 'must not import the entry point'],
    ['src/nn/layers.ts', "import 'ncfm';", 'must not import itself'],
    ['src/nn/layers.ts', "import '../../test/golden.js';", 'outside of src/'],
    ['src/attic/old.ts', "import '../nn/layers.js';", "'attic' is not a room"],
    ['src/nn/layers.ts', "require('../../build/ncfm.node');", 'only src/tensor/native.ts may load'],
    ['src/run/a.ts', 'process.dlopen(module, path);', 'only src/tensor/native.ts may load'],
  ])('refuses that %s says %s', (path, text, problem) => {
    expect(check(path, text).join('\n')).toContain(problem);
  });

  it('lets src/tensor/native.ts load the addon', () => {
    const text = "const path = new URL('../../build/ncfm.node', import.meta.url);";
    expect(check('src/tensor/native.ts', text)).toEqual([]);
    expect(check('src/tensor/ops.ts', text)).toHaveLength(1);
  });

  it('names the files of a ring', () => {
    const files = [
      { path: 'src/nn/a.ts', text: "import { b } from './b.js';" },
      { path: 'src/nn/b.ts', text: "import type { C } from './deep/c.js';" },
      { path: 'src/nn/deep/c.ts', text: "export * from '../b.js';" },
    ];
    expect(findRings(files)).toEqual([['src/nn/b.ts', 'src/nn/deep/c.ts']]);
    expect(findRings(files.slice(0, 2))).toEqual([]);
    expect(findRings(files, posix.dirname)).toEqual([['src/nn', 'src/nn/deep']]);
  });

  it('counts lines without the last line break', () => {
    const long = { path: 'src/nn/a.ts', text: 'x;\n'.repeat(MOST_LINES + 1) };
    const short = { path: 'src/nn/b.ts', text: 'x;\n'.repeat(MOST_LINES) };
    expect(findLongFiles([long, short]).map(({ file }) => file)).toEqual(['src/nn/a.ts']);
  });
});

function check(path: string, text: string): string[] {
  return findLayeringViolations([{ path, text }]).map((violation) =>
    describeViolations([violation]),
  );
}
