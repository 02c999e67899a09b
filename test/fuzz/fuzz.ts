import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Coverage } from './coverage.js';
import { judge, type Verdict } from './judge.js';
import { mutate } from './mutation.js';
import { Random } from './random.js';
import type { Reader } from './readers.js';

/** How long a reader is tried. */
export interface FuzzOptions {
  readonly seed: number;
  /** Mutations, beside the seeds and the corpus. Default: no limit. */
  readonly iterations?: number;
  /** Default: no limit. */
  readonly seconds?: number;
  /** Folder with a folder of kept inputs for each reader. */
  readonly corpus: string;
  /** Where an input lies before it is read, so that it can be told after a crash. Default: a folder of its own. */
  readonly folder?: string;
  /** Whether coverage decides which inputs are changed further. Default: true. */
  readonly guided?: boolean;
}

/** One input and what became of it. */
export interface Trial {
  readonly input: Buffer;
  readonly verdict: Verdict;
  /** Blocks of code seen so far. */
  readonly covered: number;
}

/**
 * Tries a reader: its seeds and the kept inputs as they are, then mutations of them and of those mutations that reached
 * something new. The same options give the same inputs as long as the code, and so its coverage, is the same.
 */
export async function* fuzz(reader: Reader, options: FuzzOptions): AsyncGenerator<Trial> {
  const { seed, iterations = Number.POSITIVE_INFINITY, guided = true } = options;
  const { seconds = Number.POSITIVE_INFINITY } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'ncfm-fuzz-'));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, reader.file);
  using coverage = guided ? new Coverage() : undefined;
  const random = new Random(seed);
  const end = performance.now() + seconds * 1000;
  try {
    reader.prepare?.(folder);
    const inputs = [...(await reader.seeds()), ...keptInputs(reader, options.corpus)];
    const attempt = async (input: Buffer): Promise<Trial & { readonly news: number }> => {
      writeFileSync(path, input);
      const verdict = await judge(reader, path, folder);
      return { input, verdict, news: coverage?.news() ?? 0, covered: coverage?.size ?? 0 };
    };
    for (const input of [...inputs]) yield await attempt(input);
    for (let done = 0; done < iterations && performance.now() < end; done++) {
      const trial = await attempt(change(reader, random.pick(inputs), random, inputs));
      if (trial.news > 0 && trial.verdict.kind !== 'finding') inputs.push(trial.input);
      yield trial;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Inputs that were findings once, and others worth beginning with. */
function keptInputs({ name }: Reader, corpus: string): Buffer[] {
  const folder = join(corpus, name);
  const present = readdirSync(corpus).includes(name) ? readdirSync(folder).sort() : [];
  return present.map((file) => readFileSync(join(folder, file)));
}

/** Changes the file as it is or, where the format wraps its parts, one of the parts. */
function change(reader: Reader, input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const parts = random.below(4) === 0 ? undefined : openedBy(reader, input);
  if (parts === undefined || parts.size === 0) return mutate(input, random, others);
  const [name, part] = random.pick([...parts]);
  parts.set(name, mutate(part, random, [...parts.values()]));
  return reader.layer!.close(parts);
}

function openedBy({ layer }: Reader, input: Buffer): Map<string, Buffer> | undefined {
  try {
    return layer?.open(input);
  } catch {
    // A damaged wrapping is an input, too.
    return undefined;
  }
}
