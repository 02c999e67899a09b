import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A path inside a new empty folder that goes when the test ends. */
export function temporaryFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-tensor-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}
