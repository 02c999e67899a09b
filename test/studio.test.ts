import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ncfm } from '../src/cli/testing/capture.js';
import { temporaryFolder } from '../src/core/testing/folder.js';
import { startStudio } from './studio-process.js';

describe('ncfm studio', () => {
  it('prints an address with a key, answers there, and ends well with Ctrl-C', async () => {
    const { child, address } = await startStudio(temporaryFolder());
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/);
    expect((await fetch(address)).status).toBe(200);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says which folder is missing, and which port is taken', async () => {
    expect(await ncfm('studio', '/no/such/folder')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is no folder /no/such/folder; name the one'),
    });
    const runs = temporaryFolder();
    const { address } = await startStudio(runs);
    const { port } = new URL(address);
    expect(await ncfm('studio', runs, '--port', port)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`port ${port} is taken; choose another with --port`),
    });
    expect(await ncfm('studio', runs, '--port', '65536')).toMatchObject({ exitCode: 2 });
  });

  it('needs no LibTorch', () => {
    const program = `
      await import('./dist/studio/server/serve.js');
      await import('./dist/studio/report/write-report.js');
      const { isLoaded } = await import('./dist/tensor/native.js');
      console.log(isLoaded());`;
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const args = ['--input-type=module', '-e', program];
    const child = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
    expect(child).toMatchObject({ stdout: 'false\n', stderr: '' });
  });
});
