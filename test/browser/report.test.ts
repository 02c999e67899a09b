import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../src/core/testing/folder.js';
import { writeReport } from '../../src/studio/report/write-report.js';
import { type TestRun, writeTestRun } from '../../src/studio/testing/run-folder.js';
import { describeInBrowser, overflow, seriousFindings } from './browser.js';

async function report(options: Partial<TestRun> = {}): Promise<string> {
  const run = { runs: temporaryFolder(), name: 'pets', end: 'run-end', hasResults: true } as const;
  return pathToFileURL(await writeReport([await writeTestRun({ ...run, ...options })])).href;
}

describeInBrowser('a report in a browser', ({ open, errors }) => {
  it('shows a run, and breaks none of its own rules', async () => {
    const page = await open(await report());
    expect(await page.locator('h1').textContent()).toMatch(/^pets\s*done$/);
    expect(await page.locator('tr.own').textContent()).toContain('80.00 ± 1.00');
    expect(await page.locator('.plot canvas').count()).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });

  it('moves through the snapshots by the keyboard', async () => {
    const page = await open(await report());
    const scrubber = page.locator('.scrubber input');
    const shown = () => scrubber.getAttribute('aria-valuetext');
    expect(await shown()).toBe('iteration 20');
    await scrubber.focus();
    await page.keyboard.press('ArrowLeft');
    expect(await shown()).toBe('iteration 10');
  });

  it('enlarges an image on a click, with its tiles, and leaves it with Escape', async () => {
    const page = await open(await report());
    await page.locator('.grid-cells button').nth(1).click();
    const dialog = page.locator('dialog');
    expect(await dialog.locator('h3').textContent()).toBe('cat, image 2 of 2');
    expect(await dialog.getByLabel(/^tile/).count()).toBe(4);
    await page.keyboard.press('ArrowRight');
    expect(await dialog.locator('h3').textContent()).toContain('image 1 of 2');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
  });

  it('writes the name of a class that looks like a program, and runs nothing', async () => {
    const page = await open(await report());
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.locator('.per-class').textContent()).toContain(
      '<img src=x onerror=alert(1)>',
    );
    expect(errors).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'has no serious fault of accessibility, %s',
    async (scheme) => {
      const page = await open(await report(), { colorScheme: scheme });
      expect(await seriousFindings(page)).toEqual([]);
      await page.locator('.grid-cells button').first().click();
      expect(await seriousFindings(page)).toEqual([]);
    },
  );

  it('fits on a phone and on paper', async () => {
    const page = await open(await report(), { viewport: { width: 360, height: 700 } });
    expect(await overflow(page)).toBe(0);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.scrubber').isVisible()).toBe(false);
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
  });
});
