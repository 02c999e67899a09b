import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const kernels = fileURLToPath(new URL('../native/kernels/compute', import.meta.url));
const sources = readdirSync(kernels).filter((name) => name.endsWith('.cc'));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ncfm-kernels-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  expect(status, `${command}: ${error?.message ?? stderr}`).toBe(0);
  return stdout;
}

describe('what a file of kernels shares with its compilations for other instruction sets', () => {
  it.each(sources)('is no function: %s', (source) => {
    // Without optimisation no function is inlined away, so that each one that the linker could merge is seen.
    const object = join(folder, `${source}.o`);
    const [compiler = 'c++', ...flags] = process.env.CXX?.split(' ') ?? [];
    const options = ['-std=c++17', '-O0', '-fno-exceptions', '-fno-rtti'];
    const asBaseline = '-DNCFM_INSTRUCTION_SET=baseline';
    run(compiler, [...flags, ...options, asBaseline, '-c', join(kernels, source), '-o', object]);
    // Weak and unique symbols are those of which the linker keeps one for all files.
    const merged = run('nm', ['--demangle', object])
      .split('\n')
      .filter((line) => / [VWu] /.test(line))
      .map((line) => line.replace(/^.* [VWu] /, ''));
    expect(merged.filter((name) => !name.includes('ncfm::baseline::'))).toEqual([]);
  });
});
