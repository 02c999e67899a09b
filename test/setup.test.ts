import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const script = fileURLToPath(new URL('../scripts/setup.mjs', import.meta.url));

function setup(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

describe('scripts/setup.mjs', () => {
  it('explains itself on stdout', () => {
    const { status, stdout } = setup(['--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('--yes');
    expect(stdout).toContain('LIBTORCH');
  });

  it('refuses an unknown option and an unknown purpose as misuse', () => {
    expect(setup(['--prefix=/usr'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--prefix'),
    });
    expect(setup(['--for', 'fun'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected run, test or build'),
    });
  });

  it('says what is wrong with a LIBTORCH that does not exist', () => {
    const { status, stderr } = setup([], { LIBTORCH: '/no/such/libtorch' });
    expect(status).toBe(1);
    expect(stderr).toContain('LIBTORCH=/no/such/libtorch: the directory does not exist');
  });

  it('says what is wrong with a CUDA_HOME that has no compiler', () => {
    const { status, stderr } = setup(['--for', 'build'], { CUDA_HOME: '/no/such/toolkit' });
    expect(status).toBe(1);
    expect(stderr).toContain('CUDA_HOME=/no/such/toolkit: there is no bin/nvcc in it');
  });

  it('says what a LIBTORCH directory should hold', () => {
    const empty = mkdtempSync(join(tmpdir(), 'ncfm-libtorch-'));
    const { status, stderr } = setup([], { LIBTORCH: empty });
    rmSync(empty, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toContain('share/cmake/Torch/TorchConfig.cmake');
  });
});

/**
 * An installed package, without an addon, on a machine that has neither compiler nor CMake. Its apt-get notes what it is
 * asked for and installs nothing.
 */
function bareMachine() {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-bare-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(fileURLToPath(new URL('../scripts', import.meta.url)), join(folder, 'scripts'), {
    recursive: true,
  });
  const programs = join(folder, 'bin');
  const asked = join(folder, 'asked');
  mkdirSync(programs);
  symlinkSync(process.execPath, join(programs, 'node'));
  symlinkSync('/usr/bin/env', join(programs, 'env'));
  const add = (name: string, script: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(programs, name), 0o755);
  };
  add('apt-get', `echo "$@" >> ${asked}`);
  // As a sudo that asks no password: without its option -n.
  add('sudo', 'shift; exec "$@"');
  const env = { ...process.env, PATH: programs, CXX: '' };
  return {
    /** What apt-get was asked to install. */
    installed: () =>
      (existsSync(asked) ? readFileSync(asked, 'utf8').split('\n') : []).flatMap(
        (line) => /install --yes --no-install-recommends (.*)$/.exec(line)?.[1] ?? [],
      ),
    setUp: (...args: readonly string[]) =>
      spawnSync(process.execPath, [join(folder, 'scripts/setup.mjs'), ...args], {
        encoding: 'utf8',
        env,
      }),
    /** The same on a terminal, where a person answers. */
    setUpAtTerminal(answer: string) {
      const command = `node ${join(folder, 'scripts/setup.mjs')}`;
      const args = ['--quiet', '--return', '--command', command, '/dev/null'];
      return spawnSync('/usr/bin/script', args, {
        encoding: 'utf8',
        input: answer,
        env: { ...env, SHELL: '/bin/sh' },
      });
    },
  };
}

describe('packages of the system', () => {
  const missing = /g\+\+ cmake ninja-build/;

  it('are not installed where nobody was asked: the line to type is told', () => {
    const { setUp, installed } = bareMachine();
    const { status, stderr } = setUp();
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /✗ Not installed: g\+\+, cmake, ninja-build.*\. Type\n {2}(sudo )?apt-get update && (sudo )?apt-get install --yes --no-install-recommends g\+\+ cmake ninja-build.*\nand run this again, or let it be done by `npx ncfm setup --yes`\.\n$/,
    );
    expect(installed()).toEqual([]);
  });

  it('are installed with --yes, and what is missing still is told', () => {
    const { setUp, installed } = bareMachine();
    const { status, stderr } = setUp('--yes');
    expect(installed()).toEqual([expect.stringMatching(missing)]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/must be installed by hand:\n {2}a C\+\+ compiler: /);
  });

  it.each([
    ['y\n', 1],
    ['\n', 0],
    ['n\n', 0],
    ['\u0004', 0],
  ])('are asked for on a terminal: %j', (answer, times) => {
    const { setUpAtTerminal, installed } = bareMachine();
    const { status, stdout } = setUpAtTerminal(answer);
    expect(stdout).toMatch(
      /Not installed: g\+\+, cmake, ninja-build.*\. Install with apt-get now\? \[y\/N\]/,
    );
    expect(status).toBe(1);
    expect(installed()).toHaveLength(times);
  });
});
