// Plays iterations of NCFM on a device and writes when each operator was called, as Chrome's tracing format, and how often
// the host waited. Without CUDA_LAUNCH_BLOCKING=1 an operator's time on a GPU is that of its launch.
//   node scripts/gpu/trace.mjs <device> <file.json>

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [device = 'cpu', path = 'trace.json'] = process.argv.slice(2);
const dist = new URL('../../dist/', import.meta.url);
/** @param {string} name */
const load = (name) => import(new URL(name, dist).href);

const { addonPath } = await load('tensor/native.js');
// The addon's functions are looked up at every call, so that these take their place.
const addon = createRequire(import.meta.url)(addonPath());
/** @type {string[]} */
const names = [];
/** @type {{ name: string, start: number, end: number }[] | undefined} */
let calls;
const { lookup, call } = addon;
addon.lookup = (/** @type {string} */ name, /** @type {string} */ overload) => {
  const number = lookup(name, overload);
  names[number] = overload === '' ? name : `${name}.${overload}`;
  return number;
};
addon.call = (/** @type {number} */ operator, /** @type {unknown[]} */ ...values) => {
  const start = performance.now();
  const result = call(operator, ...values);
  calls?.push({ name: names[operator] ?? '?', start, end: performance.now() });
  return result;
};
const { grad } = addon;
addon.grad = (/** @type {unknown[]} */ ...values) => {
  const start = performance.now();
  const result = grad(...values);
  calls?.push({ name: 'grad', start, end: performance.now() });
  return result;
};

const { RandomGenerator, synchronizingCalls } = await load('tensor/index.js');
const { Condenser, ExtractorPool, initializeSynthetic } = await load('entries/methods.js');
const { defaultSiamese, keepResident } = await load('entries/data.js');
const { loadDigits } = await load('data/readers/digits.js');
const { buildModel } = await load('models/index.js');

const { train } = await loadDigits();
const classes = train.classNames.length;
const random = new RandomGenerator(1, device);
const build = (generator = new RandomGenerator(0, device)) =>
  buildModel({ name: 'convnet', depth: 2, width: 128 }, { ...train.shape }, classes, generator);
keepResident(train, device);
const synthetic = initializeSynthetic(train, {
  imagesPerClass: 10,
  formation: { mode: 'single', factor: 1 },
  initialization: { kind: 'mix' },
  random,
});
const pool = new ExtractorPool([
  { initial: build(random).state(), trained: build(random).state() },
]);
const condenser = new Condenser({
  dataset: train,
  synthetic,
  pool,
  buildModel: build,
  options: {
    iterations: 100,
    matching: { strategy: 'plain', realPerClass: 64 },
    extractors: { kind: 'blend' },
    frequencies: { kind: 'gaussian', count: 1024, scale: 'auto' },
    alpha: 0.5,
    discrepancyWeight: 300,
    amortize: 1,
    fineTuning: { kind: 'none' },
    optimizer: { kind: 'adam', learningRate: 0.05 },
    schedule: { kind: 'constant' },
    augmentation: defaultSiamese,
  },
  random,
});

for (let warmUp = 0; warmUp < 5; warmUp++) condenser.stepAhead()();
calls = [];
const before = synchronizingCalls();
const started = performance.now();
const report = condenser.stepAhead();
const launched = performance.now();
const stops = synchronizingCalls() - before;
report();
const finished = performance.now();

const traceEvents = calls.map(({ name, start, end }) => ({
  name,
  ph: 'X',
  pid: 1,
  tid: 1,
  ts: (start - started) * 1000,
  dur: (end - start) * 1000,
}));
writeFileSync(path, JSON.stringify({ traceEvents }));
/** @type {Record<string, number>} */
const milliseconds = {};
for (const { name, start, end } of calls)
  milliseconds[name] = (milliseconds[name] ?? 0) + end - start;
process.stdout.write(
  JSON.stringify({
    operators: calls.length,
    synchronizingCalls: stops,
    launchedMilliseconds: launched - started,
    milliseconds: finished - started,
    longest: Object.entries(milliseconds)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 10),
  }),
);
