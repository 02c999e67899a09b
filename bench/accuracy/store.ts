import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { BenchError } from '../errors.js';

/** Synthetic images [images, labels] at one time of a distillation. */
export interface Snapshot {
  readonly iteration: number;
  /** Since the distillation began; saving snapshots is not counted. */
  readonly seconds: number;
  /** A `.pt` file, relative to the folder of all results. */
  readonly path: string;
}

/** One distillation. */
export interface Distillation {
  readonly side: 'pytorch' | 'ours';
  readonly imagesPerClass: number;
  /** What the chart calls it. */
  readonly label: string;
  readonly snapshots: readonly Snapshot[];
}

/** The folder of all results: one JSON file for each finished piece of work, with the settings it was made with. */
export class Store {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** An absolute path below the folder, whose own folder exists. */
  path(...names: string[]): string {
    const path = join(this.folder, ...names);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  /** A path relative to the folder. */
  relative(path: string): string {
    return relative(this.folder, path);
  }

  /**
   * The result of a finished piece of work, or undefined. Throws BenchError when it was made with other settings: to mix
   * them would compare what is not comparable.
   */
  read<Result>(name: string, settings: object): Result | undefined {
    const path = this.path(`${name}.json`);
    if (!existsSync(path)) return undefined;
    const stored = JSON.parse(readFileSync(path, 'utf8')) as { settings: object; result: Result };
    if (JSON.stringify(stored.settings) === JSON.stringify(settings)) return stored.result;
    throw new BenchError(
      `${path} was made with other settings (${JSON.stringify(stored.settings)}, now ${JSON.stringify(settings)}); delete it to make it anew, or use another --out`,
    );
  }

  /** As `read`, for work that another stage must have done. */
  require<Result>(name: string, settings: object, stage: string): Result {
    const result = this.read<Result>(name, settings);
    if (result !== undefined) return result;
    throw new BenchError(`there is no ${name}.json in ${this.folder}; run --stage ${stage} first`);
  }

  /** Keeps a result. */
  write(name: string, settings: object, result: unknown): void {
    const path = this.path(`${name}.json`);
    writeFileSync(`${path}.new`, `${JSON.stringify({ settings, result }, null, 2)}\n`);
    renameSync(`${path}.new`, path);
  }
}
