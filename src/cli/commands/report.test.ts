import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { writeTestRun } from '../../studio/testing/run-folder.js';
import { ncfm } from '../testing/capture.js';

describe('ncfm report', () => {
  it('writes the report into the folder of the run, and says where', async () => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets' });
    const { exitCode, stdout } = await ncfm('report', folder, '--json');
    expect({ exitCode, ...JSON.parse(stdout) }).toEqual({
      exitCode: 0,
      report: join(folder, 'report.html'),
    });
    expect(existsSync(join(folder, 'report.html'))).toBe(true);
  });

  it('puts several runs into one file, where it is told to', async () => {
    const runs = temporaryFolder();
    const folders = [
      await writeTestRun({ runs, name: 'one' }),
      await writeTestRun({ runs, name: 'two' }),
    ];
    const out = join(runs, 'both.html');
    expect(await ncfm('report', ...folders, '--out', out)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(out, 'utf8')).toContain('<title>one, two – ncfm</title>');
  });

  it('says what is no run, and what cannot be written', async () => {
    const empty = temporaryFolder();
    expect(await ncfm('report', empty)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`${empty} is not the folder of a run`),
    });
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets' });
    const out = join(empty, 'missing', 'report.html');
    expect(await ncfm('report', folder, '--out', out)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`${out} could not be written`),
    });
  });
});
