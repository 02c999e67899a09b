import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

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
    expect(stdout).toContain('--no-dataset');
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

  it('says what a LIBTORCH directory should hold', () => {
    const empty = mkdtempSync(join(tmpdir(), 'ncfm-libtorch-'));
    const { status, stderr } = setup([], { LIBTORCH: empty });
    rmSync(empty, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toContain('share/cmake/Torch/TorchConfig.cmake');
  });
});
