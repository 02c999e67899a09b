import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';

/** Debian's Chromium, or another; undefined where there is none. */
const executablePath = [process.env.NCFM_CHROMIUM, ...onPath('chromium', 'chromium-browser')].find(
  (path) => path !== undefined && existsSync(path),
);

function onPath(...names: readonly string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name)));
}

/** Opens pages of a browser, each in a context of its own. */
export interface Opened {
  readonly open: (url: string, options?: BrowserContextOptions) => Promise<Page>;
  /** What pages have written as errors, those of their policy among them. */
  readonly errors: string[];
}

/** A suite in a browser; skipped, and why is told, where there is none. */
export function describeInBrowser(name: string, tests: (opened: Opened) => void): void {
  const isMissing = executablePath === undefined;
  if (isMissing) {
    console.warn(`${name}: skipped, as there is no Chromium (apt-get install chromium).`);
  }
  describe.skipIf(isMissing)(name, () => {
    let browser: Browser;
    const errors: string[] = [];
    beforeAll(async () => {
      // Root, as in a container, has no sandbox.
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      browser = await chromium.launch({ executablePath: executablePath!, args });
    });
    afterAll(() => browser?.close());
    tests({
      errors,
      open: async (url, options = {}) => {
        errors.length = 0;
        const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options });
        page.on('console', (message) => {
          if (message.type() === 'error') errors.push(message.text());
        });
        page.on('pageerror', ({ message }) => errors.push(message));
        // One that goes on looking for a server which has gone would write errors into the next test's.
        onTestFinished(() => page.close());
        await page.goto(url);
        return page;
      },
    });
  });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds of a page that is serious or critical, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

/** By how much a page is wider than the window, in pixels. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
}
