import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { presetNames } from '../config/presets.js';
import { recordedFigures, recordedPresets } from '../config/recorded.js';
import { temporaryFolder } from '../core/testing/folder.js';
import type { RunReproduction } from '../evaluate/index.js';
import { ncfm } from './testing/capture.js';

describe('ncfm reproduce', () => {
  it('runs the digits and holds them against what is recorded', async () => {
    const folder = temporaryFolder();
    const places = ['--runs', join(folder, 'runs'), '--cache', join(folder, 'cache')];
    const { stdout, exitCode } = await ncfm('reproduce', 'digits', ...places, '--json');
    const { accuracy, seconds, ...rest } = JSON.parse(stdout) as RunReproduction;
    const recorded = recordedFigures('digits')!;
    // The figures of this machine's kernels are others in their last digits, and one in twenty may be outside.
    for (const [set, { found, mean, expected, verdict, n }] of Object.entries(accuracy)) {
      expect(n).toBe(recorded.seeds.length);
      expect(Math.abs(found - mean), set).toBeLessThan(6);
      expect(verdict === 'within').toBe(found >= expected[0] && found <= expected[1]);
    }
    expect(accuracy.distilled.found).toBeGreaterThan(accuracy.random.found);
    expect(exitCode).toBe(accuracy.distilled.verdict === 'below' ? 1 : 0);
    expect(seconds.found).toBeGreaterThan(1);
    expect(rest).toMatchObject({
      preset: 'digits',
      directory: join(folder, 'runs/digits-reproduced'),
    });
    const shown = await ncfm('reproduce', 'digits', ...places, '--resume');
    expect(shown.stdout).toMatch(/^set +recorded \(%\) +n +expected, 95 % +here *$/m);
    expect(shown.stdout).toMatch(/^ncfm +95\.56 ± 1\.07 +5 +92\.31 to 98\.81 +\d\d\.\d\d +\w+$/m);
    expect(shown.stdout).toMatch(/^time +.* here, .*; 11\.0 s recorded on 2 cores/m);
  });

  it('has no figures of other presets, and no settings', async () => {
    const unknown = await ncfm('reproduce', 'cifar10-ipc50');
    expect(unknown).toMatchObject({ exitCode: 2 });
    expect(unknown.stderr).toMatch(/no recorded figures of 'cifar10-ipc50'.*there are of digits/);
    const changed = await ncfm('reproduce', 'digits', '--set', 'distill.iterations=2');
    expect(changed).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--set') });
  });

  it('records several distillations of every preset that it has', () => {
    expect(recordedPresets()[0]).toBe('digits');
    for (const preset of recordedPresets()) {
      expect(presetNames()).toContain(preset);
      const { seeds, accuracy } = recordedFigures(preset)!;
      expect(seeds.length).toBeGreaterThanOrEqual(3);
      for (const values of Object.values(accuracy)) expect(values).toHaveLength(seeds.length);
    }
  });
});
