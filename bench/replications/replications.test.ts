import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPlan } from 'ncfm';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const commands: readonly (readonly [file: string, method: string])[] = [
  ...['dc', 'dsa', 'dm', 'mtt'].map((method) => ['fashion-ipc1.yaml', method] as const),
  ['fashion-ipc10.yaml', 'dm'],
  ['cifar10-ipc1.yaml', 'dm'],
  ['cifar10-rded.yaml', 'rded'],
];

it.each(commands)('%s replicates %s by its paper’s options and evaluation', (file, method) => {
  const { plan } = loadPlan({ source: `${folder}${file}`, method });
  expect(plan.distill.method).toBe(method);
  expect(plan.distill).toMatchObject(method === 'rded' ? {} : { space: 'unbounded' });
  expect(plan.evaluate.seeds).toBe(method === 'rded' ? 5 : 20);
});

it('every file of a replication is known here', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  expect([...new Set(commands.map(([file]) => file))].sort()).toEqual(files.sort());
});
