import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { ncfmOptions } from '../plan/testing/plan.js';
import { chooseRun, openRun } from './run-folder.js';

/** A folder of runs in which `digits` was begun with these overrides. */
async function begun(...set: readonly string[]) {
  const runs = join(temporaryFolder(), 'runs');
  const choice = await chooseRun('digits', { runs, set, threads: 1 });
  const { directory, lock } = openRun(choice, { runs });
  directory.writeConfig(choice.yaml);
  lock.release();
  return { runs, path: directory.path };
}

describe('a run', () => {
  it('is new where there is none, resumed or not', async () => {
    const runs = join(temporaryFolder(), 'runs');
    const path = join(runs, 'digits');
    expect(await chooseRun('digits', { runs })).toMatchObject({ path, goesOn: false });
    expect(await chooseRun('digits', { runs, resume: true })).toMatchObject({ goesOn: false });
  });

  it('goes on when its folder is named, with what it was begun with', async () => {
    const { path } = await begun('distill.alpha=0.3');
    const choice = await chooseRun(path, { runs: 'elsewhere' });
    expect(choice).toMatchObject({ path, goesOn: true });
    expect(ncfmOptions(choice.plan).alpha).toBe(0.3);
  });

  it('goes on by the command that began it, when that is to resume', async () => {
    const { runs, path } = await begun();
    const again = { runs, threads: 1, resume: true };
    expect(await chooseRun('digits', again)).toMatchObject({ path, goesOn: true });
    await expect(chooseRun('digits', { runs })).rejects.toThrow(/exists already.*--resume/);
  });

  it('may be evaluated otherwise than it was begun, and nothing else', async () => {
    const { path } = await begun();
    const later = { runs: 'runs', set: ['evaluate.seeds=9', 'snapshotEvery=7'] };
    expect((await chooseRun(path, later)).plan.evaluate.seeds).toBe(9);
    const changed = { runs: 'runs', set: ['distill.alpha=0.3', 'pretrain.networks=2'] };
    await expect(chooseRun(path, changed)).rejects.toThrow(
      /pretrain\.networks: 3, now 2\n {2}distill\.alpha: 0\.5, now 0\.3\n.*--accept-changes/s,
    );
    const accepted = await chooseRun(path, { ...changed, acceptChanges: true });
    expect(ncfmOptions(accepted.plan).alpha).toBe(0.3);
  });

  it('is not named anew, replaced and resumed at once', async () => {
    const { runs, path } = await begun();
    await expect(chooseRun(path, { runs, name: 'other' })).rejects.toThrow(/--name is for a new/);
    await expect(chooseRun(path, { runs, replace: true })).rejects.toThrow(/--replace is for a/);
    const both = { runs, replace: true, resume: true };
    await expect(chooseRun('digits', both)).rejects.toThrow(/give one of the two/);
  });

  it('is a preset before it is a folder of that name', async () => {
    const folder = temporaryFolder();
    const before = process.cwd();
    mkdirSync(join(folder, 'digits'));
    writeFileSync(join(folder, 'digits', 'config.yaml'), 'extends: digits\nname: digits\n');
    process.chdir(folder);
    try {
      expect(await chooseRun('digits', { runs: 'runs' })).toMatchObject({ goesOn: false });
      expect(await chooseRun('./digits', { runs: 'runs' })).toMatchObject({ goesOn: true });
    } finally {
      process.chdir(before);
    }
  });
});
