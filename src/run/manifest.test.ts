import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { createManifest, gitState } from './manifest.js';

function git(directory: string, ...words: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...identity, ...words], { cwd: directory, encoding: 'utf8' }).trim();
}

function checkoutWithOneFile(): string {
  const directory = temporaryFolder();
  git(directory, 'init', '--quiet');
  writeFileSync(join(directory, 'file.txt'), 'one');
  git(directory, 'add', 'file.txt');
  git(directory, 'commit', '--quiet', '--message', 'one');
  return directory;
}

describe('the state of a checkout', () => {
  test('is its commit, unmodified right after committing', () => {
    const directory = checkoutWithOneFile();
    const revision = git(directory, 'rev-parse', 'HEAD');
    expect(revision).toMatch(/^[0-9a-f]{40}$/);
    expect(gitState(directory)).toEqual({ revision, modified: false });
  });

  test('is modified by a change to a tracked file, but not by a new file', () => {
    const directory = checkoutWithOneFile();
    writeFileSync(join(directory, 'new.txt'), 'new');
    expect(gitState(directory)?.modified).toBe(false);
    writeFileSync(join(directory, 'file.txt'), 'two');
    expect(gitState(directory)?.modified).toBe(true);
  });

  test('is absent before the first commit', () => {
    const directory = temporaryFolder();
    git(directory, 'init', '--quiet');
    expect(gitState(directory)).toBeUndefined();
  });

  test('is absent outside a checkout and where there is no folder', () => {
    const directory = temporaryFolder();
    expect(gitState(directory)).toBeUndefined();
    expect(gitState(join(directory, 'nowhere'))).toBeUndefined();
  });
});

test('a manifest holds the given facts and those of the machine', () => {
  const facts = {
    versions: { ncfm: '0.1.0', libtorch: '1.13.1' },
    threads: 2,
    device: 'cpu',
    seed: 7,
    memory: { budget: 2e9, estimate: 4e8, chunks: { real: 256 } },
    dataset: {
      name: 'digits',
      hashes: { train: 'ab', test: 'cd' },
      normalization: { mean: [0.5], std: [0.25] },
    },
  };
  const manifest = createManifest(facts);
  expect(manifest).toMatchObject(facts);
  expect(manifest.versions.node).toBe(process.versions.node);
  expect(manifest.platform).toBe(`${process.platform}-${process.arch}`);
  expect(manifest.cpu).not.toBe('');
  expect(new Date(manifest.created).toISOString()).toBe(manifest.created);
});
