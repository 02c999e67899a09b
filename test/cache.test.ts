import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { outputUntil } from '../src/core/testing/output.js';

// What the cache does is tested beside its code; here is what only processes of their own show.
const script = fileURLToPath(new URL('build-cache.mjs', import.meta.url));

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ncfm-cache-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const build = (folder: string, images: number) =>
  spawnSync(process.execPath, [script, folder, `${images}`, '0'], { encoding: 'utf8' });

async function ending(child: ReturnType<typeof spawn>): Promise<string> {
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return output;
}

it('a cache whose building was killed is built by the next, which removes what was left', async () => {
  const folder = temporaryFolder();
  const args = [script, folder, '2000', '5', '--touch'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await outputUntil(child.stdout, /decoding\n/);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/\.partial$/)]);

  const { stdout, stderr } = build(folder, 2000);
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^[0-9a-f]{64}\n$/), '']);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/\.images$/)]);
});

it('a cache may be built by several processes at once', async () => {
  const folder = temporaryFolder();
  const children = Array.from({ length: 2 }, () =>
    spawn(process.execPath, [script, folder, '400', '1'], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const hashes = await Promise.all(children.map(ending));
  expect(new Set(hashes).size).toBe(1);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(build(folder, 400)).toMatchObject({ stdout: hashes[0], stderr: '' });
});

it('a cache that finds no more room is given up, whole', () => {
  const folder = temporaryFolder();
  // No file of this process may grow beyond 5 MiB, which fails as a full disk does.
  const command = 'trap "" XFSZ; ulimit -f 5120; exec "$0" "$@"';
  const args = ['-c', command, process.execPath, script, folder, '2000', '0'];
  const { status, stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8' });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^FailureError: .*\.images: the decoded images of generated could not be written \(EFBIG.*\); make room, or choose another folder with --cache\n$/,
  );
  expect(readdirSync(folder)).toEqual([]);
});

// Root may write everywhere: become nobody.
const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
const mayRead = spawnSync('test', ['-r', script], user).status === 0;

it.runIf(mayRead)('a cache in a folder that is for reading only is used, and not added to', () => {
  const folder = join(temporaryFolder(), 'cache');
  mkdirSync(folder);
  const { stdout } = build(folder, 20);
  chmodSync(folder, 0o555);
  chmodSync(join(folder, '..'), 0o755);
  const asUser = (images: number) =>
    spawnSync(process.execPath, [script, folder, `${images}`, '0'], { encoding: 'utf8', ...user });
  expect(asUser(20)).toMatchObject({ stdout, stderr: '', status: 0 });
  expect(asUser(30)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^FailureError: .* could not be written \(EACCES/),
  });
  expect(readdirSync(folder)).toHaveLength(1);
});
