import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findStrays } from './device-axis.js';
import { describeViolations } from './layering.js';

const root = fileURLToPath(new URL('..', import.meta.url));

const tests = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.test\.ts$|(^|\/)testing\/.*\.ts$/.test(name))
  .map((name) => ({ path: `src/${name}`, text: readFileSync(`${root}src/${name}`, 'utf8') }));

describe('the device that tests run on', () => {
  it('is the one that every suite makes its tensors on', () => {
    expect(tests.length).toBeGreaterThan(150);
    expect(describeViolations(findStrays(tests))).toBe('');
  });

  it.each([
    ["import { RandomGenerator } from '../tensor/index.js';", 'imports RandomGenerator from'],
    ["import { tensor as make } from './tensor.js';", 'imports make from'],
    ["x.to('cpu');", 'names the CPU'],
    ['using norm = new BatchNorm(3);', 'BatchNorm without a device'],
    ['batch(dataset, [1]);', 'batch without a device'],
  ])('is missed by %s', (line, message) => {
    const strays = findStrays([{ path: 'src/nn/some.test.ts', text: `\n${line}` }]);
    expect(strays).toEqual([expect.objectContaining({ line: 2 })]);
    expect(strays[0]!.message).toContain(message);
  });

  it.each([
    "import { RandomGenerator } from '../tensor/testing/on-device.js';",
    "import { type RandomGenerator, scope } from '../tensor/index.js';",
    'using norm = new BatchNorm(3, testDevice);',
    'batch(dataset, [1], random.device);',
  ])('is kept by %s', (line) => {
    expect(findStrays([{ path: 'src/nn/some.test.ts', text: line }])).toEqual([]);
  });

  it.each([
    ['gpu', "unknown device 'gpu'; use 'cpu', 'cuda' or 'cuda:<number>'"],
    ['cuda:99', "device 'cuda:99' was asked for, but"],
  ])('cannot be %s, and a suite says so', (device, message) => {
    const vitest = `${root}node_modules/vitest/vitest.mjs`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [vitest, 'run', 'src/nn/optim.test.ts', '--root', root, '--reporter', 'default'],
      { encoding: 'utf8', env: { ...process.env, NCFM_TEST_DEVICE: device, NO_COLOR: '1' } },
    );
    expect(status).toBe(1);
    expect(stdout + stderr).toContain(message);
  });
});
