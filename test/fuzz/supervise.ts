import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reader } from './readers.js';

/** What a child is to do. */
export interface Task {
  readonly reader: string;
  readonly seed: number;
  readonly iterations?: number;
  readonly seconds?: number;
  readonly corpus: string;
  /** Where the input under trial lies, so that it can be found after a crash. */
  readonly folder: string;
}

/** An input that was neither read nor rejected as it should be. */
export interface Finding {
  readonly reader: string;
  readonly problem: string;
  readonly input: Buffer;
}

/** What a child tells of itself, every now and then. */
export interface Report {
  readonly tried: number;
  readonly read: number;
  readonly rejected: number;
  readonly covered: number;
  /** The input is in base 64. */
  readonly finding?: { readonly problem: string; readonly input: string };
  readonly done?: boolean;
}

/** What became of all inputs of a reader. */
export interface Tally {
  readonly reader: string;
  readonly tried: number;
  readonly read: number;
  readonly rejected: number;
  readonly covered: number;
  readonly findings: readonly Finding[];
}

/** How long each reader is tried. */
export interface Budget {
  readonly seed: number;
  readonly iterations?: number;
  readonly seconds?: number;
}

/** A child that says nothing for so long hangs. */
const SILENCE_MS = 20_000;

/** A reader with so many is broken: the rest is more of the same. */
const MOST_FINDINGS = 10;

/** V8's heap in the child: an input of some KB must not need more. */
const HEAP_MIB = 512;

const program = fileURLToPath(new URL('child.js', import.meta.url));

/** Tries a reader in processes of its own: a crash or a hang is a finding, after which a new process goes on. */
export async function supervise(reader: Reader, budget: Budget, corpus: string): Promise<Tally> {
  const room = mkdtempSync(join(tmpdir(), 'ncfm-fuzz-'));
  const total = { reader: reader.name, tried: 0, read: 0, rejected: 0, covered: 0 };
  const findings = new Map<string, Finding>();
  const end = performance.now() + (budget.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  try {
    for (let seed = budget.seed; findings.size < MOST_FINDINGS; seed += 1000) {
      const seconds = (end - performance.now()) / 1000;
      const iterations = (budget.iterations ?? Number.POSITIVE_INFINITY) - total.tried;
      if (seconds <= 0 || iterations <= 0) break;
      const last = await runChild({
        reader: reader.name,
        seed,
        ...(Number.isFinite(iterations) && { iterations }),
        ...(Number.isFinite(seconds) && { seconds }),
        corpus,
        folder: join(room, 'files'),
        onFinding: (finding) => findings.set(finding.problem.split('\n')[0]!, finding),
      });
      for (const key of ['tried', 'read', 'rejected'] as const) total[key] += last[key];
      total.covered = Math.max(total.covered, last.covered);
      if (last.done) break;
      const path = join(room, 'files', reader.file);
      const input = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
      findings.set(last.end, { reader: reader.name, problem: last.end, input });
      rmSync(join(room, 'files'), { recursive: true, force: true });
    }
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
  return { ...total, findings: [...findings.values()] };
}

interface ChildTask extends Task {
  readonly onFinding: (finding: Finding) => void;
}

/** The child's last report, and how it ended. */
function runChild({ onFinding, ...task }: ChildTask): Promise<Report & { readonly end: string }> {
  const child = fork(program, [JSON.stringify(task)], {
    execArgv: [`--max-old-space-size=${HEAP_MIB}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let last: Report = { tried: 0, read: 0, rejected: 0, covered: 0 };
  let complaint = '';
  let hangs = false;
  let findings = 0;
  const giveUp = () => {
    hangs = true;
    child.kill('SIGKILL');
  };
  let watch = setTimeout(giveUp, SILENCE_MS);
  child.stderr!.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  child.on('message', (report: Report) => {
    clearTimeout(watch);
    watch = setTimeout(giveUp, SILENCE_MS);
    last = report;
    if (report.finding === undefined) return;
    const { problem, input } = report.finding;
    onFinding({ reader: task.reader, problem, input: Buffer.from(input, 'base64') });
    findings += 1;
    if (findings >= MOST_FINDINGS) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(watch);
      const how = hangs
        ? `no answer within ${SILENCE_MS / 1000} s`
        : `the process ended with ${signal ?? `exit code ${code}`}`;
      const stopped = findings >= MOST_FINDINGS;
      resolve({
        ...last,
        done: (last.done ?? false) || stopped,
        end: `${how}\n${complaint}`.trim(),
      });
    });
  });
}
