import { readFile } from 'node:fs/promises';
import { FailureError } from '../core/errors.js';

export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

/**
 * The page's program and style, as the build has made them.
 * @throws FailureError where they are missing
 */
export async function pageFiles(): Promise<PageFiles> {
  const read = (name: string): Promise<string> =>
    readFile(new URL(`../../dist/studio/page/${name}`, import.meta.url), 'utf8');
  try {
    const [script, style] = await Promise.all([read('page.js'), read('page.css')]);
    return { script, style };
  } catch (cause) {
    throw new FailureError('the page of the studio is not built; `npm run build` builds it', {
      cause,
    });
  }
}
