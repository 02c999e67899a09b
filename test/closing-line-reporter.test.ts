import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closingLine } from './closing-line-reporter.js';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('closingLine', () => {
  it('leaves out what did not happen', () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('tests: 12 passed, 0 failed');
  });

  it('ends with the skipped tests', () => {
    expect(closingLine({ passed: 1, failed: 2, skipped: 3 })).toBe(
      'tests: 1 passed, 2 failed, 3 skipped',
    );
  });
});

describe('a run of vitest with the reporter', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ncfm-reporter-'));
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function lastLineOf(testFile: string): string | undefined {
    writeFileSync(join(directory, 'sample.test.js'), testFile);
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const reporter = join(root, 'test/closing-line-reporter.ts');
    const { stdout } = spawnSync(
      process.execPath,
      [vitest, 'run', '--root', directory, '--reporter=default', `--reporter=${reporter}`],
      { encoding: 'utf8', cwd: directory },
    );
    return stdout.trimEnd().split('\n').at(-1);
  }

  it('ends with the numbers of passed, failed and skipped tests', () => {
    const line = lastLineOf(`
      import { describe, expect, it } from 'vitest';
      it('passes', () => {});
      describe('nested', () => it('passes too', () => {}));
      it('fails', () => expect(1).toBe(2));
      it.skip('is skipped', () => {});
    `);
    expect(line).toBe('tests: 2 passed, 1 failed, 1 skipped');
  });

  it('counts a file that cannot be loaded as a failure', () => {
    expect(lastLineOf("throw new Error('broken');")).toBe('tests: 0 passed, 1 failed');
  });
});
