// Compares what `ncfm plan` tells with what runs then take, in memory and time: each in a process of its own, because a
// process's peak is for good. `npm run bench:estimates [-- name …]` measures all plans, or those named.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const brief = [
  'pretrain={ networks: 2, length: { steps: 20 } }',
  'distill.iterations=10',
  'evaluate={ length: { steps: 60 }, seeds: 1 }',
];
// Few test images, and networks of the paper's width.
const wide = [...brief, 'dataset.validation=0.02', 'model.width=128'];
const plain = 'distill.matching={ strategy: plain, realPerClass: 64 }';
const learned = 'distill.frequencies={ kind: sampling-network, count: 1024 }';
/** @param {number} real @param {number} synthetic @param {number} test */
const chunks = (real, synthetic, test) =>
  `chunks={ real: ${real}, synthetic: ${synthetic}, test: ${test} }`;

/** What is run: preset, settings. @type {Record<string, [string, ...string[]]>} */
const plans = {
  digits: ['digits'],
  quick: ['fashion-quick', ...brief],
  ipc1: ['fashion-ipc1', ...wide, plain],
  ipc10: ['fashion-ipc10', ...wide],
  'small-chunks': ['fashion-ipc10', ...wide, plain, chunks(16, 1, 16)],
  'large-chunks': ['fashion-ipc10', ...wide, plain, chunks(640, 10, 640)],
  'sampling-network': ['fashion-ipc10', ...wide, plain, learned],
  frequencies: ['fashion-ipc10', ...wide, plain, 'distill.frequencies.count=8192'],
  'fine-tuning': ['fashion-ipc10', ...wide, plain, 'distill.fineTuning=joint'],
};

/** @param {string[]} words */
function ncfm(...words) {
  const args = [main, ...words, '--json', '--quiet', '--threads', '1'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

/** @param {number} told @param {number} taken @param {number} digits */
const compared = (told, taken, digits) =>
  [told.toFixed(digits), taken.toFixed(digits), (told / taken).toFixed(2)]
    .map((cell) => cell.padStart(8))
    .join(' ');

const chosen = process.argv.slice(2);
console.log(
  `${' '.repeat(18)} ${'memory in MB: told, taken, ratio'.padStart(34)} ${'seconds: told, taken, ratio'.padStart(34)}`,
);
for (const [name, [preset, ...settings]] of Object.entries(plans)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-estimates-'));
  try {
    const cache = ['--cache', join(folder, 'cache')];
    const plan = [preset, ...cache, ...settings.flatMap((setting) => ['--set', setting])];
    const told = ncfm('plan', ...plan);
    const taken = ncfm('run', ...plan, '--runs', join(folder, 'runs'));
    const seconds = Object.values(taken.seconds).reduce((sum, each) => sum + each, 0);
    const memory = compared(told.memory.estimate / 1e6, taken.memory.peak / 1e6, 0);
    console.log(
      `${name.padEnd(18)} ${memory.padStart(34)} ${compared(told.seconds, seconds, 1).padStart(34)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
