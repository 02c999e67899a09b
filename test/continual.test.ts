import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testDevice } from '../src/tensor/testing/on-device.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** The digits, cut down to seconds. */
const settings = [
  ...['--set', 'pretrain={ networks: 1, length: { epochs: 1 } }', '--set', 'distill.iterations=20'],
  ...['--set', 'evaluate={ length: { steps: 20 }, seeds: 1 }', '--set', 'model.width=8'],
  ...['--set', 'continual={ steps: 2, seeds: 1, memories: [herding, distilled], fineTune: true }'],
  ...['--set', 'continual.jointEpochs=1', '--threads', '1', '--device', testDevice],
];

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ncfm-continual-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function run(cwd: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, [main, 'continual', ...args], { encoding: 'utf8', cwd });
}

/** Runs the program until it has said `words` so many times, and kills it at that moment; the signal that ended it. */
async function killAt(
  cwd: string,
  words: RegExp,
  times: number,
  ...args: readonly string[]
): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [main, 'continual', ...args], { cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
    if ((said.match(words) ?? []).length >= times) child.kill('SIGKILL');
  });
  return await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
}

describe('ncfm continual', () => {
  it('that is killed, and killed again, comes to the figures of a run that is not', async () => {
    const undisturbed = temporaryFolder();
    const { status, stdout } = run(undisturbed, 'digits', ...settings);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^memory +after 10 classes \(%\) .*\nherding +\d/);

    const folder = temporaryFolder();
    const path = join('runs', 'digits');
    // Within the second distillation; then between the networks of the last step.
    expect(await killAt(folder, /stored images/g, 2, 'digits', ...settings)).toBe('SIGKILL');
    const again = ['digits', ...settings, '--resume'];
    expect(await killAt(folder, /herding, fine-tuned, seed 1/g, 2, ...again)).toBe('SIGKILL');
    expect(existsSync(join(folder, path, 'continual.json'))).toBe(false);
    const resumed = run(folder, path);
    expect(resumed.status).toBe(0);
    expect(resumed.stderr).toMatch(/reused$/m);

    const read = (from: string, ...file: string[]) =>
      readFileSync(join(from, path, ...file), 'utf8');
    expect(read(folder, 'continual.json')).toBe(read(undisturbed, 'continual.json'));
    const images = ['memory', 'seed-1', 'step-2', 'distilled', 'images.safetensors'];
    expect(read(folder, ...images)).toBe(read(undisturbed, ...images));
    expect(resumed.stdout).toBe(stdout);
  });

  it('says which settings do not fit, and leaves no run', () => {
    const folder = temporaryFolder();
    const refused = run(folder, 'digits', ...settings, '--set', 'continual.steps=3');
    expect(refused).toMatchObject({
      status: 2,
      stdout: '',
      stderr:
        'continual.steps: 3 steps do not divide the 10 classes of dataset.name digits; use 1, 2, 5 or 10\n',
    });
    expect(existsSync(join(folder, 'runs', 'digits'))).toBe(false);
  });
});
