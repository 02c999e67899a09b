import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { listRuns, RunDirectory } from './directory.js';
import { readEvents } from './event-log.js';
import { createManifest } from './manifest.js';

function runWithConfig(runs: string, name: string): RunDirectory {
  const run = RunDirectory.create({ runs, name });
  run.writeConfig('seed: 1\n');
  return run;
}

describe('creating a run', () => {
  test('makes its folder and the folder of runs', () => {
    const runs = join(temporaryFolder(), 'deep', 'runs');
    const run = RunDirectory.create({ runs, name: 'first' });
    expect(run.path).toBe(join(runs, 'first'));
    expect(existsSync(run.path)).toBe(true);
  });

  test.each(['a', '2025-01-31', 'Fashion_MNIST.ipc10'])('accepts the name %s', (name) => {
    const run = RunDirectory.create({ runs: temporaryFolder(), name });
    expect(run.name).toBe(name);
    expect(existsSync(run.path)).toBe(true);
  });

  test.each([
    '',
    '.',
    '..',
    '../up',
    'a/b',
    'a\\b',
    '/etc',
    '-flag',
    '.hidden',
    'é',
    'a b',
    'a\n',
    'x'.repeat(101),
  ])('refuses the name %j and makes nothing', (name) => {
    const runs = temporaryFolder();
    expect(() => RunDirectory.create({ runs, name })).toThrow(UsageError);
    expect(() => RunDirectory.open({ runs, name })).toThrow(/cannot name a run/);
    expect(readdirSync(runs)).toEqual([]);
  });

  test('refuses a run that exists, and leaves it alone', () => {
    const runs = temporaryFolder();
    const run = runWithConfig(runs, 'first');
    expect(() => RunDirectory.create({ runs, name: 'first' })).toThrow(UsageError);
    expect(() => RunDirectory.create({ runs, name: 'first' })).toThrow(/"first" exists already/);
    expect(readFileSync(run.pathOf('config.yaml'), 'utf8')).toBe('seed: 1\n');
  });

  test('replaces a run when told to, with all that was in it', () => {
    const runs = temporaryFolder();
    writeFileSync(runWithConfig(runs, 'first').pathOf('snapshots', 'old.png'), 'old');
    const run = RunDirectory.create({ runs, name: 'first', existing: 'replace' });
    expect(readdirSync(run.path)).toEqual([]);
  });

  test('continues a run when told to, keeping what is in it', () => {
    const runs = temporaryFolder();
    runWithConfig(runs, 'first');
    const run = RunDirectory.create({ runs, name: 'first', existing: 'continue' });
    expect(readdirSync(run.path)).toEqual(['config.yaml']);
  });

  test.each(['refuse', 'replace'] as const)(
    'with "%s", never touches a folder that is not a run',
    (existing) => {
      const runs = temporaryFolder();
      mkdirSync(join(runs, 'photos'));
      writeFileSync(join(runs, 'photos', 'holiday.png'), 'precious');
      expect(() => RunDirectory.create({ runs, name: 'photos', existing })).toThrow(/is not a run/);
      expect(readdirSync(join(runs, 'photos'))).toEqual(['holiday.png']);
    },
  );

  test.each(['refuse', 'replace', 'continue'] as const)(
    'with "%s", refuses a file in its place',
    (existing) => {
      const runs = temporaryFolder();
      writeFileSync(join(runs, 'first'), 'a file');
      expect(() => RunDirectory.create({ runs, name: 'first', existing })).toThrow(UsageError);
      expect(readFileSync(join(runs, 'first'), 'utf8')).toBe('a file');
    },
  );

  test('takes over an empty folder', () => {
    const runs = temporaryFolder();
    mkdirSync(join(runs, 'first'));
    expect(RunDirectory.create({ runs, name: 'first' }).name).toBe('first');
  });
});

describe('opening a run', () => {
  test('finds one that exists', () => {
    const runs = temporaryFolder();
    const { path } = runWithConfig(runs, 'first');
    expect(RunDirectory.open({ runs, name: 'first' }).path).toBe(path);
  });

  test('names the runs that there are when it does not exist', () => {
    const runs = temporaryFolder();
    runWithConfig(runs, 'second');
    runWithConfig(runs, 'first');
    mkdirSync(join(runs, 'not-a-run'));
    expect(listRuns(runs)).toEqual(['first', 'second']);
    expect(() => RunDirectory.open({ runs, name: 'third' })).toThrow(UsageError);
    expect(() => RunDirectory.open({ runs, name: 'third' })).toThrow(/are first, second\./);
  });

  test('says so when there are no runs at all', () => {
    const runs = join(temporaryFolder(), 'nowhere');
    expect(() => RunDirectory.open({ runs, name: 'first' })).toThrow(/it holds no run/);
    expect(existsSync(runs)).toBe(false);
  });
});

describe('the contents of a run', () => {
  test('paths lead to folders that are ready to be written to', () => {
    const run = RunDirectory.create({ runs: temporaryFolder(), name: 'first' });
    const path = run.pathOf('checkpoints', 'last', 'images.bin');
    expect(path).toBe(join(run.path, 'checkpoints', 'last', 'images.bin'));
    writeFileSync(path, 'bytes');
    expect(readFileSync(path, 'utf8')).toBe('bytes');
  });

  test.each([['..'], ['snapshots/../../other'], ['/etc/passwd']])(
    'the path %s is refused',
    (path) => {
      const run = RunDirectory.create({ runs: temporaryFolder(), name: 'first' });
      expect(() => run.pathOf(path)).toThrow(/leaves the run/);
    },
  );

  test('a name that merely starts with two dots stays inside', () => {
    const run = RunDirectory.create({ runs: temporaryFolder(), name: 'first' });
    expect(run.pathOf('..notes')).toBe(join(run.path, '..notes'));
  });

  test('manifest and results are readable JSON, replaced as a whole', () => {
    const run = RunDirectory.create({ runs: temporaryFolder(), name: 'first' });
    const manifest = createManifest({
      versions: { ncfm: '0.1.0', libtorch: '1.13.1' },
      threads: 2,
      device: 'cpu',
      seed: 0,
      memory: { budget: 2e9, estimate: 4e8, chunks: { real: 256 } },
      dataset: {
        name: 'digits',
        hashes: { train: 'ab', test: 'cd' },
        normalization: { mean: [0.5], std: [0.25] },
      },
    });
    run.writeManifest(manifest);
    run.writeResults({ random: 75.8, long: 'x'.repeat(1000) });
    run.writeResults({ random: 76 });
    expect(JSON.parse(readFileSync(run.pathOf('manifest.json'), 'utf8'))).toEqual(manifest);
    expect(readFileSync(run.pathOf('results.json'), 'utf8')).toBe('{\n  "random": 76\n}\n');
  });

  test('the event log is events.jsonl, and makes the folder a run', () => {
    const runs = temporaryFolder();
    const run = RunDirectory.create({ runs, name: 'first' });
    using log = run.openEventLog();
    log.sink({ type: 'warning', message: 'hello' });
    expect(readEvents(run.pathOf('events.jsonl'))).toMatchObject([{ message: 'hello' }]);
    expect(listRuns(runs)).toEqual(['first']);
  });
});

describe('an atomic write', () => {
  test('leaves the old content and no temporary file when it fails', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'target', 'occupied'), { recursive: true });
    expect(() => writeFileAtomic(join(folder, 'target'), 'new')).toThrow();
    expect(readdirSync(folder)).toEqual(['target']);
    expect(readdirSync(join(folder, 'target'))).toEqual(['occupied']);
  });

  test('leaves nothing but the file when it succeeds', () => {
    const folder = temporaryFolder();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    writeFileAtomic(join(folder, 'file.bin'), 'old');
    writeFileAtomic(join(folder, 'file.bin'), bytes);
    expect(readdirSync(folder)).toEqual(['file.bin']);
    expect(new Uint8Array(readFileSync(join(folder, 'file.bin')))).toEqual(bytes);
  });
});
