#!/usr/bin/env node
// `npm run test:sanitize`: tests with an addon that GCC's sanitizers watch. AddressSanitizer finds reads and writes
// outside of what was allocated or after it was freed, UndefinedBehaviorSanitizer what C++ leaves undefined: overflows
// of integers, misaligned or null pointers, shifts too far. Arguments are the tests to run.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { cmakeSettings } from './setup/addon.mjs';
import { BUILD, ROOT } from './setup/paths.mjs';
import { begin, done, SetupError } from './setup/report.mjs';
import { run } from './setup/shell.mjs';
import { ensureLibTorchAndTools } from './setup/system.mjs';

const FOLDER = join(BUILD, 'sanitize');
const REPORTS = join(FOLDER, 'reports');

/** Rooms that call the addon most, and the damaged files. */
const TESTS = ['tensor', 'nn', 'augment', 'models', 'distill', 'data', 'exchange'].map(
  (room) => `src/${room}/`,
);
const DEFAULT_TESTS = [...TESTS, 'test/fuzz/'];

async function buildAddon() {
  const libTorch = await ensureLibTorchAndTools({ yes: false });
  begin('compiling the addon with sanitizers (some minutes)');
  run({
    title: 'Configuring the sanitized addon',
    command: 'cmake',
    args: ['-S', ROOT, '-B', FOLDER, ...cmakeSettings(libTorch), '-DNCFM_SANITIZE=ON'],
  });
  run({
    title: 'Compiling the sanitized addon',
    command: 'cmake',
    args: ['--build', FOLDER, '--parallel', String(availableParallelism())],
  });
  done('addon with sanitizers (build/sanitize/ncfm.node)');
}

/** A run that sees nothing would find nothing, too: a mistake on purpose must end the process with a report. */
function checkSanitizers() {
  const canary = join(FOLDER, 'canary.node');
  const source = join(ROOT, 'test/sanitize/canary.cc');
  const flags = ['-shared', '-fPIC', '-fsanitize=address,undefined'];
  run({
    title: 'Compiling the canary',
    command: process.env.CXX ?? 'g++',
    args: [...flags, source, '-o', canary],
  });
  const { stderr } = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', canary], {
    encoding: 'utf8',
    env: { ...process.env, LD_PRELOAD: runtime(), ASAN_OPTIONS: 'detect_leaks=0' },
  });
  if (stderr.includes('AddressSanitizer: heap-buffer-overflow')) return;
  throw new SetupError(`A write outside of what was allocated was not seen:\n${stderr}`);
}

/** The runtime must be in the process before anything else, and node is not built with it. */
function runtime() {
  const compiler = process.env.CXX ?? 'g++';
  const { stdout } = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  const path = stdout?.trim() ?? '';
  if (isAbsolute(path)) return path;
  throw new SetupError(`${compiler} has no libasan.so; install GCC, and set CXX=g++.`);
}

/** @param {readonly string[]} tests */
function runTests(tests) {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const reports = `log_path=${join(REPORTS, 'report')}`;
  const options = ['--testTimeout=1200000', '--hookTimeout=600000'];
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  return spawnSync(process.execPath, [vitest, 'run', ...options, ...tests], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      LD_PRELOAD: runtime(),
      NODE_OPTIONS: `--require ${join(ROOT, 'test/sanitize/redirect.cjs')}`,
      // Node and LibTorch release much only when the process ends; tensors are counted by the tests themselves.
      ASAN_OPTIONS: `detect_leaks=0:allocator_may_return_null=1:${reports}`,
      UBSAN_OPTIONS: `print_stacktrace=1:${reports}`,
    },
  });
}

try {
  await buildAddon();
  checkSanitizers();
  const tests = process.argv.slice(2);
  const { status } = runTests(tests.length > 0 ? tests : DEFAULT_TESTS);
  const reports = readdirSync(REPORTS);
  for (const name of reports) process.stderr.write(readFileSync(join(REPORTS, name), 'utf8'));
  process.stdout.write(`sanitizers: ${reports.length} reports\n`);
  process.exitCode = status === 0 && reports.length === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`✗ ${error.message}\n`);
  process.exitCode = error.exitCode;
}
