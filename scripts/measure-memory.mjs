// Compares the memory that plans are expected to take with what they take: each plan in a process of its own, because
// a process never gives its peak back. To be run after kernels have changed, to set the numbers of
// src/capacity/activations.ts right. `node scripts/measure-memory.mjs [name …]` measures all plans, or those named.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const brief = [
  'pretrain.length={ epochs: 0.005 }',
  'pretrain.networks=2',
  'distill.iterations=3',
  'evaluate={ length: { steps: 3 }, seeds: 1 }',
];
// Few test images, and no clusters, which take long at the paper's width.
const quick = [...brief, 'dataset.validation=0.02'];
/** @param {number} real */
const plain = (real) => `distill.matching={ strategy: plain, realPerClass: ${real} }`;
const paper = [...quick, 'model.width=128', 'distill.fineTuning=none'];
const wide = [...paper, plain(64)];
const learned = 'distill.frequencies={ kind: sampling-network, count: 1024 }';
/** @param {number} real @param {number} synthetic @param {number} test */
const chunks = (real, synthetic, test) =>
  `chunks={ real: ${real}, synthetic: ${synthetic}, test: ${test} }`;

/** What is run: command, preset, settings. @type {Record<string, [string, string, ...string[]]>} */
const plans = {
  digits: ['run', 'digits', ...brief],
  pretrain: ['pretrain', 'fashion-ipc10', ...paper],
  'pretrain-narrow': ['pretrain', 'fashion-quick', ...quick],
  narrow: ['run', 'fashion-quick', ...brief],
  ipc1: ['distill', 'fashion-ipc1', ...wide],
  ipc10: ['distill', 'fashion-ipc10', ...wide],
  'small-chunks': ['distill', 'fashion-ipc10', ...wide, chunks(16, 1, 16)],
  'large-real': ['distill', 'fashion-ipc10', ...wide, chunks(640, 1, 16)],
  'large-synthetic': ['distill', 'fashion-ipc10', ...wide, chunks(16, 10, 16)],
  'sampling-network': ['distill', 'fashion-ipc10', ...wide, learned],
  frequencies: ['distill', 'fashion-ipc10', ...wide, 'distill.frequencies.count=8192'],
  'fine-tuning': ['distill', 'fashion-ipc10', ...wide, 'distill.fineTuning=joint'],
  evaluate: ['run', 'fashion-ipc10', ...wide],
};

const chosen = process.argv.slice(2);
/** @param {number} bytes */
const megabytes = (bytes) => (bytes / 1e6).toFixed(0).padStart(7);

console.log(`${'plan'.padEnd(20)} estimate    peak  ratio`);
for (const [name, [command, preset, ...settings]] of Object.entries(plans)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-memory-'));
  try {
    const places = command === 'pretrain' ? [] : ['--runs', join(folder, 'runs')];
    const args = [
      ...[main, command, preset, '--json', '--quiet', '--threads', '1'],
      ...['--cache', join(folder, 'cache'), ...places],
      ...settings.flatMap((setting) => ['--set', setting]),
    ];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    const { estimate, peak } = JSON.parse(stdout).memory;
    const ratio = (estimate / peak).toFixed(2).padStart(6);
    console.log(`${name.padEnd(20)} ${megabytes(estimate)} ${megabytes(peak)} ${ratio}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
