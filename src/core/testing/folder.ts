import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder that goes when the test ends. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ncfm-run-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A path inside a new empty folder that goes when the test ends. */
export function temporaryFile(name: string): string {
  return join(temporaryFolder(), name);
}
