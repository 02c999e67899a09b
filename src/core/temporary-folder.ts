import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder among the system's temporary ones, which goes with all that is in it when this is disposed. */
export class TemporaryFolder implements Disposable {
  readonly path: string;

  /** @param purpose a word for its name */
  constructor(purpose: string) {
    this.path = mkdtempSync(join(tmpdir(), `ncfm-${purpose}-`));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
