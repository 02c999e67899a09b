import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** What a reader needs to know to trust a run's numbers or to repeat them. */
export interface Manifest {
  readonly versions: { readonly ncfm: string; readonly node: string; readonly libtorch: string };
  /** Operating system and processor family: `linux-x64`. */
  readonly platform: string;
  /** The processor as it names itself: `AMD EPYC 7B13`. */
  readonly cpu: string;
  /** Threads that one tensor operation may use. */
  readonly threads: number;
  /** `cpu`, `cuda`, … */
  readonly device: string;
  readonly seed: number;
  /** The memory that the run may take, and how it works within it. */
  readonly memory: MemoryFacts;
  readonly dataset: DatasetFacts;
  /** The checkout the run was started in; absent outside one. */
  readonly git?: GitState;
  /** When the run was created: ISO 8601, UTC. */
  readonly created: string;
}

export interface DatasetFacts {
  readonly name: string;
  /** SHA-256 of each split: `{ train: '9f…', test: '04…' }`. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What every pixel is normalised by, channel by channel. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Damaged pictures that were left out; absent if there are none. */
  readonly skipped?: readonly {
    readonly split: string;
    readonly place: string;
    readonly reason: string;
  }[];
}

/** What a run knows about its memory before it begins; sizes in bytes. */
export interface MemoryFacts {
  /** What it is to stay under; 'auto' for no limit. */
  readonly budget: number | 'auto';
  /** The most that the process is expected to hold; absent without a budget, because nothing is measured then. */
  readonly estimate?: number;
  /** How much is worked on at once, by kind of work. */
  readonly chunks: Readonly<Record<string, number>>;
}

export interface GitState {
  /** Full commit hash. */
  readonly revision: string;
  /** Whether tracked files differ from that commit. */
  readonly modified: boolean;
}

/** The facts that only the caller knows. */
export interface ManifestFacts
  extends Pick<Manifest, 'threads' | 'device' | 'seed' | 'memory' | 'dataset'> {
  readonly versions: Omit<Manifest['versions'], 'node'>;
}

/** Completes the caller's facts with those of the machine, of the working directory's checkout and of the clock. */
export function createManifest(facts: ManifestFacts): Manifest {
  const git = gitState(process.cwd());
  return {
    versions: { ...facts.versions, node: process.versions.node },
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: facts.threads,
    device: facts.device,
    seed: facts.seed,
    memory: facts.memory,
    dataset: facts.dataset,
    ...(git ? { git } : {}),
    created: new Date().toISOString(),
  };
}

/** The checkout that holds `directory`; `undefined` outside one, before its first commit, or when git is missing. */
export function gitState(directory: string): GitState | undefined {
  try {
    const revision = git(directory, 'rev-parse', 'HEAD').trim();
    const changes = git(directory, 'status', '--porcelain', '--untracked-files=no');
    return { revision, modified: changes !== '' };
  } catch {
    return undefined;
  }
}

function git(directory: string, ...words: readonly string[]): string {
  return execFileSync('git', words, {
    cwd: directory,
    encoding: 'utf8',
    // Looking must not take the checkout's lock from a git command that the user runs meanwhile.
    env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
}
