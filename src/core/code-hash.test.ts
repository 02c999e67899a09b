import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { codeHash } from './code-hash.js';
import { temporaryFile } from './testing/folder.js';

const modules = {
  'train.ts': "import { step } from './step.js';\nimport type { Options } from './options.js';\n",
  'step.ts':
    "export {\n  kernel,\n  type Kernel,\n} from '../nn/kernel.js';\nimport 'node:fs';\nconst late = () => import('./late.js');\n",
  'late.ts': 'export const late = 1;\n',
  'options.ts': 'export interface Options {}\n',
  '../nn/kernel.ts': 'export const kernel = 1;\n',
};

/** The hash of `train.ts` among these modules, some of them changed, in a folder of their own. */
function hashWith(changed: Partial<Record<keyof typeof modules, string>> = {}): string {
  const root = temporaryFile('');
  for (const folder of ['tasks', 'nn']) mkdirSync(join(root, folder));
  for (const [name, text] of Object.entries({ ...modules, ...changed })) {
    writeFileSync(join(root, 'tasks', name), text);
  }
  return codeHash('./train.js', pathToFileURL(join(root, 'tasks', 'pool.ts')).href);
}

describe("the hash of a module's code", () => {
  it.each(['train.ts', 'step.ts', 'late.ts', '../nn/kernel.ts'] as const)(
    'is another when %s changes, which it is or reaches by imports',
    (name) => {
      expect(hashWith({ [name]: `${modules[name]}// changed` })).not.toBe(hashWith());
    },
  );

  it('stays when a module changes of which it imports types alone, or nothing', () => {
    expect(hashWith({ 'options.ts': 'export interface Options { readonly a: 1 }' })).toBe(
      hashWith(),
    );
  });

  it('does not depend on where the package is installed', () => {
    const [one, other] = [temporaryFile('one'), temporaryFile('other')];
    const hashes = [one, other].map((root) => {
      cpSync(new URL('..', import.meta.url), join(root, 'src'), {
        recursive: true,
        filter: (path) => !path.endsWith('.test.ts'),
      });
      return codeHash('./train.js', pathToFileURL(join(root, 'src', 'train', 'x.ts')).href);
    });
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('reaches the code that training runs', () => {
    const here = new URL('../train/pool-cache.ts', import.meta.url).href;
    expect(codeHash('./train-extractor.js', here)).toMatch(/^[0-9a-f]{64}$/);
    expect(codeHash('./train-extractor.js', here)).not.toBe(codeHash('./features.js', here));
  });
});
