import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { presetNames } from '../config/presets.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { packageVersion } from '../core/version.js';
import { readEvents } from '../run/event-log.js';
import { ncfm } from './testing/capture.js';
import { folders } from './testing/folders.js';

const commands = [
  'run',
  'pretrain',
  'distill',
  'evaluate',
  'search',
  'continual',
  'label',
  'export',
  'plan',
  'data',
  'presets',
  'config',
  'doctor',
];

describe('help', () => {
  it('lists the commands, and of each its options and an example', async () => {
    const { exitCode, stdout } = await ncfm('--help');
    expect(exitCode).toBe(0);
    for (const command of commands) {
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
      const help = await ncfm(command, '--help');
      expect(help).toMatchObject({ exitCode: 0, stderr: '' });
      expect(help.stdout).toMatch(new RegExp(`Examples?:\n  ncfm ${command}`));
    }
  });

  it('gives the version', async () => {
    expect(await ncfm('--version')).toEqual({
      exitCode: 0,
      stdout: `${packageVersion()}\n`,
      stderr: '',
    });
  });
});

describe('misuse', () => {
  it.each([
    [['rnu', 'digits'], "unknown command 'rnu'\n(Did you mean run?)"],
    [['run', 'digits', '--nmae', 'x'], "unknown option '--nmae'\n(Did you mean --name?)"],
    [['run'], 'name a preset (see ncfm presets) or a YAML file'],
    [['run', 'digits', '--seed', 'one'], "'one' is invalid. Expected an integer from 0."],
    [['run', 'digits', '--threads', '0'], "'0' is invalid. Expected an integer from 1, or auto."],
    [['run', 'digts'], "no preset or file named 'digts'; did you mean 'digits'?"],
    [['run', 'no/such.yaml'], 'there is no file no/such.yaml'],
    [['run', 'digits', '--set', 'distill.alpha=2'], '--set distill.alpha=2: distill.alpha: exp'],
    [['run', 'digits', '--set', 'alpha'], '--set alpha: expected key=value'],
    [['run', 'digits', '--device', 'gpu'], '--device: device: expected cpu, cuda or cuda:<number>'],
    [['run', 'digits', '--memory', '2GX'], '--memory: memory: expected a size such as 2GB, 1.5GiB'],
    [['plan', 'digits', '--memory', '9MB'], 'memory: 9.00 MB do not hold this run'],
    [['evaluate', 'no/such'], 'There is no run "such"'],
    [[], 'Usage: ncfm'],
  ])('%j ends with 2, a reason on stderr, and nothing on stdout', async (args, reason) => {
    const { exitCode, stdout, stderr } = await ncfm(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('names file, line and column of a bad setting', async () => {
    const path = join(temporaryFolder(), 'mine.yaml');
    writeFileSync(path, 'extends: digits\ndistill:\n  alpha: lots\n');
    expect(await ncfm('run', path)).toMatchObject({
      exitCode: 2,
      stderr: `${path}:3:10: distill.alpha: expected a number from 0 to 1, found 'lots'\n`,
    });
  });

  it('is one JSON object on stdout with --json', async () => {
    const { exitCode, stdout } = await ncfm('run', 'digts', '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: { exitCode: 2, message: expect.stringContaining("did you mean 'digits'?") },
    });
  });
});

describe('run', () => {
  it('prints the accuracies, and leaves configuration and events in the run', async () => {
    const { runs, flags } = folders();
    const tracking = ['--set', 'tracking=tensorboard'];
    const options = [...flags, ...tracking, '--seed', '5'];
    const { exitCode, stdout, stderr } = await ncfm('run', 'digits', ...options);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      ...['set', 'random', 'start', 'ncfm', ''],
    ]);
    expect(stderr).toContain('iteration 2/2');
    expect(stderr).toMatch(/^images .*runs\/digits\/images\.png$/m);
    expect(stderr).toMatch(/^time +pretrain .*, distill .*, evaluate /m);
    expect(readFileSync(join(runs, 'digits', 'config.yaml'), 'utf8')).toMatch(/^seed: 5$/m);
    const types = readEvents(join(runs, 'digits', 'events.jsonl')).map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(['run-start', 'run-end']);
    expect(existsSync(join(runs, 'digits', 'report.html'))).toBe(true);
    expect(readdirSync(join(runs, 'digits', 'tensorboard'))).toEqual([
      expect.stringMatching(/^events\.out\.tfevents\.\d+\./),
    ]);
  });

  it('writes one JSON object to stdout with --json, and no progress with --quiet', async () => {
    const { runs, flags } = folders();
    const { stdout, stderr } = await ncfm('run', 'digits', ...flags, '--json', '--quiet');
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ dataset: 'digits', directory: join(runs, 'digits') });
    expect(result).toEqual(JSON.parse(readFileSync(join(runs, 'digits', 'results.json'), 'utf8')));
    // So short a run may be no better than its controls, and that is said even so.
    expect(stderr.replace(/^warning: .*\n/gm, '')).toBe('');
  });

  it('keeps an earlier run unless it is to be replaced, and the new one can start', async () => {
    const { runs, flags } = folders();
    const mark = join(runs, 'digits', 'mark');
    await ncfm('distill', 'digits', ...flags);
    writeFileSync(mark, '');
    const refused = await ncfm('distill', 'digits', ...flags);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(
      'exists already; go on with it (--resume), choose another name',
    );
    const elsewhere = ['--set', 'dataset={ name: mnist, root: no-such-folder }'];
    const hopeless = await ncfm('distill', 'digits', ...flags, '--replace', ...elsewhere);
    expect(hopeless.exitCode).toBe(2);
    expect(existsSync(mark)).toBe(true);
    expect(await ncfm('distill', 'digits', ...flags, '--replace')).toMatchObject({ exitCode: 0 });
    expect(existsSync(mark)).toBe(false);
  });

  it('leaves no directory behind when it cannot start', async () => {
    const { runs, flags } = folders();
    const elsewhere = ['--set', 'dataset={ name: mnist, root: no-such-folder }'];
    const { exitCode, stderr } = await ncfm('run', 'digits', ...flags, ...elsewhere);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('mnist: its files were not found');
    expect(existsSync(join(runs, 'digits'))).toBe(false);
  });
});

describe('a memory budget', () => {
  it('that is too small is refused before an earlier run is replaced, with the least that will do', async () => {
    const { runs, flags } = folders();
    await ncfm('distill', 'digits', ...flags);
    const mark = join(runs, 'digits', 'mark');
    writeFileSync(mark, '');
    const again = ['distill', 'digits', ...flags, '--replace', '--memory'];
    const refused = await ncfm(...again, '20MB');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    const least = /--memory (\d+MB)/.exec(refused.stderr)?.[1];
    expect(least).toBeDefined();
    expect(existsSync(mark)).toBe(true);
    // This process grows a little from test to test, and what it holds counts.
    const enough = `${Number.parseInt(least!, 10) + 200}MB`;
    expect(await ncfm(...again, enough)).toMatchObject({ exitCode: 0 });
    expect(existsSync(mark)).toBe(false);
  });

  it('and the chunks are in the manifest, and the peak in the result', async () => {
    const { runs, flags } = folders();
    const chunks = ['--set', 'chunks={ real: 40, synthetic: 2, test: 100 }', '--memory', '64 GB'];
    const { stdout, stderr } = await ncfm('run', 'digits', ...flags, ...chunks, '--json');
    const { memory } = JSON.parse(stdout);
    const used = { real: 40, synthetic: 2, test: 100 };
    expect(memory).toMatchObject({ budget: 64e9, chunks: used });
    expect(memory.peak).toBeGreaterThan(5e7);
    expect(stderr).toMatch(/^memory +\d.* [MG]B at most$/m);
    const manifest = JSON.parse(readFileSync(join(runs, 'digits', 'manifest.json'), 'utf8'));
    expect(manifest.memory).toEqual({ budget: 64e9, estimate: memory.estimate, chunks: used });
  });
});

describe('plan', () => {
  it('tells time and memory of every stage, and what will be written, and writes nothing', async () => {
    const { folder, flags } = folders();
    const { exitCode, stdout, stderr } = await ncfm('plan', 'digits', ...flags.slice(2));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^stage +time +memory\npretrain .*\ndistill .*\nevaluate .*\ntotal .* MB\n/,
    );
    expect(stdout).toMatch(/^chunks +\d+ real images, \d+ classes, 256 test images at once$/m);
    expect(stdout).toMatch(/^memory +no limit$/m);
    expect(stdout).toMatch(/^networks +1 to be pretrained$/m);
    expect(stdout).toMatch(/^disk +\d.* for the run, \d.* for networks$/m);
    expect(stderr).toMatch(/^plan +measuring pretraining$/m);
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it('knows the networks that are there, and is one JSON object with --json', async () => {
    const { flags } = folders();
    const cache = flags.slice(2);
    await ncfm('pretrain', 'digits', ...cache);
    const { stdout, stderr } = await ncfm(
      'plan',
      'digits',
      ...cache,
      '--json',
      '--quiet',
      '--memory',
      '32GiB',
    );
    expect(stderr).toBe('');
    const estimate = JSON.parse(stdout);
    expect(estimate).toMatchObject({
      networks: { total: 1, ready: 1 },
      memory: { budget: 2 ** 35 },
    });
    expect(estimate.stages[0]).toMatchObject({ stage: 'pretrain', seconds: 0 });
    const { stdout: text } = await ncfm('plan', 'digits', ...cache);
    expect(text).toMatch(/^networks +all 1 are in .*cache already, none is pretrained$/m);
  });
});

describe('presets', () => {
  it('are listed by their data, with what was published and by whom', async () => {
    const { stdout } = await ncfm('presets');
    const lines = stdout.split('\n');
    const names = lines.flatMap((line) => /^ {2}([a-z][\w-]*)/.exec(line)?.[1] ?? []);
    expect(names).toEqual(presetNames());
    expect(stdout).toMatch(
      /^CIFAR-10\n {2}cifar10-ipc1 .*\n {2}cifar10-ipc10 .*\n.*\n\nCIFAR-100\n/m,
    );
    expect(stdout).toMatch(/^ {2}cifar10-ipc10 +71\.8 \[1\] +ConvNet-3 +10 images per class/m);
    expect(stdout).toMatch(
      /others have published, not measured by ncfm\n {2}\[1\] NCFM, Wang et al/,
    );
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    const { presets } = JSON.parse((await ncfm('presets', '--json')).stdout);
    expect(presets.map(({ name }: { name: string }) => name)).toEqual(presetNames());
  });
});

describe('doctor', () => {
  it('finds the engine and the digits here, as text and as JSON', async () => {
    const { exitCode, stdout } = await ncfm('doctor');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^✓ native engine +LibTorch \d+\.\d+/m);
    expect(stdout).toMatch(/^✓ digits +1195 \+ 602 images of 8×8$/m);
    const report = JSON.parse((await ncfm('doctor', '--json')).stdout);
    expect(report.ok).toBe(true);
    for (const { state, remedy } of report.findings) {
      if (state !== 'ok') expect(remedy).toMatch(/\w/);
    }
  });
});
