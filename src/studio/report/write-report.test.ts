import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { writeTestRun } from '../testing/run-folder.js';
import type { ReportData } from '../view.js';
import { writeReport } from './write-report.js';

function dataOf(html: string): ReportData {
  const [, json] = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(html)!;
  return JSON.parse(json!) as ReportData;
}

async function reportOf(...folders: readonly string[]): Promise<string> {
  return readFileSync(await writeReport(folders), 'utf8');
}

describe('a report', () => {
  it('is one file in the folder of the run, that loads nothing', async () => {
    const runs = temporaryFolder();
    const folder = await writeTestRun({ runs, name: 'pets', end: 'run-end', hasResults: true });
    expect(await writeReport([folder])).toBe(join(folder, 'report.html'));
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(html.length).toBeLessThan(3_000_000);
    expect(html.replaceAll(/<script[\s\S]*?<\/script>/g, '')).not.toMatch(/(src|href|url)\s*[=(]/);
    const { runs: views } = dataOf(html);
    expect(views[0]!.snapshots.map(({ iteration }) => iteration)).toEqual([10, 20]);
    expect(views[0]!.snapshots[0]!.src).toMatch(/^data:image\/webp;base64,/);
    expect(html).not.toContain(runs);
  });

  it('lets no program run but its own, whatever classes are called', async () => {
    const classes = ['</script><script>alert(1)</script>', '<img src=x onerror=alert(1)>'];
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets', classes });
    const html = await reportOf(folder);
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
    expect(scripts).toHaveLength(1);
    const hash = createHash('sha256').update(scripts[0]!).digest('base64');
    expect(html).toContain(`script-src 'sha256-${hash}'`);
    expect(html).not.toContain('<img src=x');
    expect(dataOf(html).runs[0]!.classes).toEqual(classes);
  });

  it('leaves out some of many snapshots, but neither the first nor the last', async () => {
    const settings = { iterations: 200, snapshotEvery: 1 };
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets', ...settings });
    const { snapshots } = dataOf(await reportOf(folder)).runs[0]!;
    expect(snapshots).toHaveLength(80);
    expect([snapshots[0]!.iteration, snapshots.at(-1)!.iteration]).toEqual([1, 200]);
  });

  it('of a comparison has the runs of its methods, of several runs all of them', async () => {
    const runs = temporaryFolder();
    const both = join(runs, 'both');
    mkdirSync(both);
    const members = ['dm', 'ncfm'];
    for (const name of members) await writeTestRun({ runs: both, name });
    writeFileSync(join(both, 'config.yaml'), '');
    writeFileSync(join(both, 'comparison.json'), JSON.stringify({ methods: members, rows: [] }));
    const names = (html: string) => dataOf(html).runs.map(({ name }) => name);
    expect(names(await reportOf(both))).toEqual(['both', 'both/dm', 'both/ncfm']);
    expect(names(await reportOf(join(both, 'ncfm'), join(both, 'dm')))).toEqual(['ncfm', 'dm']);
  });

  it('is refused of what is no run, saying what to name', async () => {
    const folder = temporaryFolder();
    await expect(writeReport([folder])).rejects.toThrow(`${folder} is not the folder of a run`);
  });
});
