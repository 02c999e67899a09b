import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path/posix';

const known = new Map<string, string>();

/**
 * SHA-256 (hex) of the code that a module runs: its own file and every file of this package that it imports, directly or
 * through others, types left out. What a changed module would compute is told by it from what was computed before.
 *
 * @param module the module as it is imported: `./train.js`
 * @param from `import.meta.url` of the module that imports it
 */
export function codeHash(module: string, from: string): string {
  const entry = resolved(module, new URL(from));
  const found = known.get(entry.href);
  if (found !== undefined) return found;
  const files = new Map<string, string>();
  collect(entry, files);
  const hash = createHash('sha256');
  for (const [url, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // By their names within the package two installations of the same code agree.
    hash.update(`${relative(dirname(entry.pathname), new URL(url).pathname)}\0${text}\0`);
  }
  const digest = hash.digest('hex');
  known.set(entry.href, digest);
  return digest;
}

/** A relative `import … from`, `export … from`, `import '…'` or `import('…')`, unless it is of types alone. */
const relativeImport =
  /(?:^|[\s;}=(])(?:import|export)(?!\s+type\b)(?:[^'";]*?\bfrom\s*|\s*\(?\s*)['"](\.{1,2}\/[^'"]+)['"]/g;

function collect(module: URL, files: Map<string, string>): void {
  // A comment or a text may name a file that is not there.
  if (files.has(module.href) || !existsSync(module)) return;
  const text = readFileSync(module, 'utf8');
  files.set(module.href, text);
  for (const [, imported] of text.matchAll(relativeImport)) {
    const file = resolved(imported!, module);
    if (/\.[cm]?[jt]s$/.test(file.pathname)) collect(file, files);
  }
}

/** TypeScript that runs from its source names its modules as they will be called when compiled. */
function resolved(module: string, from: URL): URL {
  const source = from.pathname.endsWith('.ts');
  return new URL(source ? module.replace(/\.js$/, '.ts') : module, from);
}
