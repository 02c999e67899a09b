import { once } from 'node:events';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../src/core/testing/folder.js';
import { writeTestRun } from '../../src/studio/testing/run-folder.js';
import { command, startStudio } from '../studio-process.js';
import { describeInBrowser, overflow, seriousFindings } from './browser.js';

/** Against hangs alone: a run of seconds may take a minute beside other work. */
const timeout = 120_000;

/** A run by the compiled command line, in a folder of runs. */
function run(runs: string, name: string, iterations: number) {
  const places = ['--runs', runs, '--cache', join(runs, '.cache')];
  const settings = [
    `distill.iterations=${iterations}`,
    'snapshotEvery=20',
    'checkpoint.iterations=10',
    'evaluate.seeds=2',
    'evaluate.length={ steps: 30 }',
  ].flatMap((setting) => ['--set', setting]);
  return command(['run', 'digits', '--name', name, '--threads', '1', ...places, ...settings]);
}

async function state(page: Page, wanted: string): Promise<void> {
  await page.locator(`.state-${wanted}`).first().waitFor({ timeout });
}

describeInBrowser('the studio in a browser', ({ open, errors }) => {
  it('shows a run from its start to its end, without being asked again', async () => {
    const runs = temporaryFolder();
    const { address } = await startStudio(runs);
    const page = await open(address);
    await page.getByText('There is no run yet').waitFor();
    expect(page.url()).not.toContain('token');
    run(runs, 'watched', 40);
    await page.getByRole('link', { name: 'watched' }).click({ timeout });
    await page.locator('.grid-picture').first().waitFor({ timeout });
    await state(page, 'done');
    await page.locator('tr.own').getByText('trainings of this set').waitFor({ timeout });
    expect(await page.locator('.scrubber input').getAttribute('aria-valuetext')).toBe(
      'iteration 40',
    );
    expect(errors).toEqual([]);
  });

  it('tells a killed run from one that works, has it go on, and stops it', async () => {
    const runs = temporaryFolder();
    const child = run(runs, 'long', 1_000_000);
    const { address } = await startStudio(runs, '--control', '--cache', join(runs, '.cache'));
    const page = await open(address);
    await page.getByRole('link', { name: 'long' }).click({ timeout });
    await page.getByText(/^distill [1-9]\d/).waitFor({ timeout });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await state(page, 'dead');
    await page.getByRole('button', { name: 'Resume' }).click();
    await state(page, 'running');
    await page.getByText(/^distill [1-9]\d\d/).waitFor({ timeout });
    await page.getByRole('button', { name: 'Stop' }).click();
    await state(page, 'stopped');
    expect(errors).toEqual([]);
  });

  it('starts a preset once it has told what that takes', async () => {
    const runs = temporaryFolder();
    const { address } = await startStudio(runs, '--control', '--cache', join(runs, '.cache'));
    const page = await open(address);
    await page.getByRole('button', { name: 'Start a run' }).click();
    await page.getByLabel('Name').fill('mine');
    expect(await page.getByRole('button', { name: 'Start', exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Plan first' }).click();
    await page.locator('dialog pre').getByText('total').waitFor({ timeout });
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await state(page, 'running');
    expect(await page.locator('h1').textContent()).toMatch(/^mine/);
    await page.getByRole('button', { name: 'Stop' }).click();
    await state(page, 'stopped');
  });

  it('compares runs that were chosen, and shows where their settings differ', async () => {
    const runs = temporaryFolder();
    const done = { runs, end: 'run-end', hasResults: true } as const;
    await writeTestRun({ ...done, name: 'one' });
    await writeTestRun({ ...done, name: 'two', settings: { seed: 7 } });
    const { address } = await startStudio(runs);
    const page = await open(address);
    for (const name of ['one', 'two']) await page.getByLabel(`Choose ${name} for`).check();
    await page.getByRole('button', { name: 'Compare 2' }).click();
    await page.locator('.differences').waitFor();
    expect(await page.locator('.differences tbody').textContent()).toBe('seed17');
    expect(await page.locator('.grid-picture').count()).toBe(2);
    expect(await seriousFindings(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('writes names that look like programs, and runs nothing', async () => {
    const runs = temporaryFolder();
    const classes = ['<img src=x onerror=alert(1)>', '"><script>alert(2)</script>'];
    const settings = { note: '<svg onload=alert(3)>' };
    await writeTestRun({ runs, name: 'hostile', classes, settings, hasResults: true });
    const { address } = await startStudio(runs);
    const page = await open(address);
    page.on('dialog', () => errors.push('a program has run'));
    await page.getByRole('link', { name: 'hostile' }).click();
    await page.locator('.per-class').waitFor();
    const text = await page.locator('main').textContent();
    for (const name of [...classes, settings.note]) expect(text).toContain(name);
    expect(await page.locator('main script, img[src="x"], main svg').count()).toBe(0);
    expect(errors).toEqual([]);
  });

  it('is not shown without the key', async () => {
    const { address } = await startStudio(temporaryFolder());
    const page = await open(new URL('/', address).href);
    expect(await page.locator('body').textContent()).toContain('it holds a key');
  });

  it.each(['light', 'dark'] as const)(
    'has no serious fault of accessibility, %s',
    async (scheme) => {
      const runs = temporaryFolder();
      await writeTestRun({ runs, name: 'pets', end: 'run-failed', hasResults: true });
      const { address } = await startStudio(runs, '--control');
      const page = await open(address, { colorScheme: scheme });
      await page.getByRole('link', { name: 'pets' }).waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await page.getByRole('link', { name: 'pets' }).click();
      await page.locator('.plot canvas').first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
    },
  );

  it('fits on a phone, and goes by the keyboard alone', async () => {
    const runs = temporaryFolder();
    await writeTestRun({ runs, name: 'pets', hasResults: true });
    const { address } = await startStudio(runs);
    const page = await open(address, { viewport: { width: 360, height: 700 } });
    const link = page.getByRole('link', { name: 'pets' });
    await link.waitFor();
    expect(await overflow(page)).toBe(0);
    await link.focus();
    await page.keyboard.press('Enter');
    await page.locator('.grid-cells button').first().waitFor();
    expect(await overflow(page)).toBe(0);
    await page.locator('.grid-cells button').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  });
});
