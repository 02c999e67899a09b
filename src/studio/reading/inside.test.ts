import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { insideOf } from './inside.js';

describe('a path inside of a folder', () => {
  it('is found, through links that stay inside; all others are not', () => {
    const outer = temporaryFolder();
    const folder = join(outer, 'runs');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a'), '');
    writeFileSync(join(outer, 'secret'), '');
    mkdirSync(join(outer, 'runs-elsewhere'));
    symlinkSync(join(folder, 'a'), join(folder, 'within'));
    symlinkSync(join(outer, 'secret'), join(folder, 'without'));
    expect(insideOf(folder, 'a')).toBe(insideOf(folder, 'within'));
    expect(insideOf(folder, 'a')).toMatch(/runs\/a$/);
    for (const path of ['without', '../secret', join(outer, 'secret'), '../runs-elsewhere', 'no']) {
      expect(insideOf(folder, path), path).toBeUndefined();
    }
  });
});
