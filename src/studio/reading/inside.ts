import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';

/** The real place of something in a folder, links followed; undefined where it is missing, or outside of the folder. */
export function insideOf(folder: string, path: string): string | undefined {
  try {
    const [base, real] = [realpathSync(folder), realpathSync(resolve(folder, path))];
    return real === base || real.startsWith(base + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}
