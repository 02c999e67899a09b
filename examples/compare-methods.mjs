// @ts-check
// Several methods on the same data, under one evaluation. Asked for again in the same folder, it goes on where it was.
// Run it with: node examples/compare-methods.mjs
import { loadPlan, RunDirectory } from 'ncfm';
import { checkMethods, compareMethods } from 'ncfm/run';

const [runs = 'runs'] = process.argv.slice(2);
const cache = '.cache';
const overrides = [
  'distill.imagesPerClass=1',
  'methods.dm.distill.iterations=50',
  'methods.dsa.distill.iterations=10',
  'evaluate={ seeds: 2, length: { steps: 100 } }',
];
const plans = ['random', 'dm', 'dsa'].map((method) => {
  return loadPlan({ source: 'digits', method, seed: 1, overrides }).plan;
});
const { data, methods } = await checkMethods(plans, { cache });

const folder = (/** @type {string} */ runs, /** @type {string} */ name) =>
  RunDirectory.create({ runs, name, existing: 'continue' });
const directory = folder(runs, 'methods');
const comparison = await compareMethods({
  directory,
  data,
  methods: methods.map((method) => ({
    ...method,
    directory: folder(directory.path, method.plan.distill.method),
  })),
  cache,
  onEvent: (event) => {
    if (event.type === 'method-start')
      console.log(`${event.number}/${event.methods} ${event.method}`);
  },
});
for (const row of comparison.rows) {
  const found = 'error' in row ? row.error : `${row.accuracy.mean.toFixed(1)} %`;
  console.log(`${row.title}: ${found}`);
}
