import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's (or installed package's) root directory. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything setup writes, the compiled TypeScript and node_modules aside. */
export const BUILD = join(ROOT, 'build');
