import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { outputUntil } from '../src/core/testing/output.js';
import { readEvents } from '../src/run/event-log.js';
import { testDevice } from '../src/tensor/testing/on-device.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'dist/cli/main.js');

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ncfm-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function ncfm(...args: readonly string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

/** A run that goes on for hours, and what it says when it has taken its folder and trained for an epoch. */
const long = [
  'run',
  'digits',
  '--threads',
  '1',
  '--device',
  testDevice,
  '--set',
  'pretrain.length={ epochs: 10000 }',
];
const training = /pretrain +network 1\/3 .*\n/;

// What the command line does is tested beside its code; here is what only a process of its own shows.
describe('the ncfm program', () => {
  beforeAll(() => {
    expect(existsSync(main), 'dist/ is missing: run `npm run build`').toBe(true);
  });

  it('can be run as a file, as npx does', () => {
    expect(spawnSync(main, ['--version'], { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });

  it('ends with the exit code of its command and keeps data and messages apart', () => {
    expect(ncfm('presets')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^ {2}digits /m),
      stderr: '',
    });
    expect(ncfm('run', 'digts')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: "there is no preset or file named 'digts'; did you mean 'digits'?\n",
    });
  });

  it.each([
    // A clone that was packed has an addon of then.
    [
      'in a checkout',
      ['src', 'prebuilds/linux-x64/old.node'],
      /Cannot find module '.*build\/ncfm\.node'/,
      'npm run setup',
    ],
    ['where it is installed', [], /none came with the package/, 'npx ncfm setup'],
  ])('tells how to mend an engine that cannot be loaded, %s', (_, paths, reason, command) => {
    const folder = temporaryFolder();
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    for (const path of paths) mkdirSync(join(folder, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, [join(folder, 'dist/cli/main.js'), ...args], {
        encoding: 'utf8',
        cwd: folder,
      });

    const { status, stdout } = run('doctor', '--json');
    expect(status).toBe(1);
    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(false);
    const message = new RegExp(
      `^The native engine could not be loaded: ${reason.source}\\. Set it up with \`${command}\`\\.\n?$`,
    );
    expect(findings).toContainEqual({
      name: 'native engine',
      state: 'broken',
      detail: expect.stringMatching(message),
      remedy: command,
    });
    expect(run('--help').status).toBe(0);
    expect(run('run', 'digits')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });

  it.each([
    ['SIGINT', 130, 'stopped by Ctrl-C'],
    ['SIGTERM', 143, 'stopped by a termination signal'],
  ] as const)('stops between two steps at %s, with %i', async (signal, exitCode, message) => {
    const folder = temporaryFolder();
    const child = spawn(process.execPath, [main, ...long], { cwd: folder });
    let stderr = '';
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await outputUntil(child.stderr, training);
    child.kill(signal);
    expect(await ended).toBe(exitCode);
    const advice = 'What is done is kept\\. To go on: ncfm run runs/digits';
    expect(stderr).toMatch(
      new RegExp(`press Ctrl-C again to stop at once\\.\n${message}\n${advice}\n$`),
    );
    const run = join(folder, 'runs', 'digits');
    expect(readEvents(join(run, 'events.jsonl')).at(-1)).toMatchObject({
      type: 'run-stopped',
      message,
    });
    expect(existsSync(join(run, 'report.html'))).toBe(true);
  });

  it('keeps a second process out of a run', async () => {
    const folder = temporaryFolder();
    const first = spawn(process.execPath, [main, ...long], { cwd: folder });
    const ended = new Promise((resolve) => first.on('close', resolve));
    await outputUntil(first.stderr, training);
    const second = spawnSync(process.execPath, [main, ...long, '--resume'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(second.status).toBe(2);
    expect(second.stderr).toMatch(
      new RegExp(`runs/digits/lock is held by process ${first.pid} on .*two processes must not`),
    );
    first.kill('SIGKILL');
    await ended;
    // What the killed process has left is recognised: this one gets as far as the check of its settings.
    const third = spawnSync(process.execPath, [main, 'evaluate', 'runs/digits', '--threads', '1'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(third.stderr).toMatch(/could not be read.*Is this a finished run\?/);
  });
});
