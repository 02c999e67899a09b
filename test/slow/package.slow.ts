import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  emptyProject,
  isForDistribution,
  makeMisfit,
  pack,
  remove,
  run,
  succeed,
} from '../installed.js';

const program = `
  import { engine, ops } from 'ncfm/tensor';
  console.log(engine().version !== '', ops.ones([2]).toFloat32Array().join());
`;

describe.runIf(isForDistribution)('the package, packed and installed by npm', () => {
  let project: string;
  const setup = () => run(project, 'npx', '--no', 'ncfm', 'setup');
  const short = ['pretrain.length={ epochs: 1 }', 'distill.iterations=5', 'evaluate.seeds=1'];
  const distil = () => {
    const settings = short.flatMap((setting) => ['--set', setting]);
    const args = ['run', 'digits', '--replace', '--json', ...settings];
    return JSON.parse(succeed(project, 'npx', '--no', 'ncfm', ...args));
  };

  beforeAll(() => {
    project = emptyProject();
    const tarball = pack(project);
    succeed(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
    writeFileSync(join(project, 'program.mjs'), program);
  });
  afterAll(() => remove(project));

  it('sets up, distils, and is a library, with the addon that comes with it', () => {
    const { status, stderr } = setup();
    expect(stderr).toContain('✓ prebuilt addon');
    expect(status).toBe(0);
    expect(distil()).toBeTypeOf('object');
    expect(succeed(project, 'node', 'program.mjs')).toBe('true 1,1\n');
  });

  it('does so with an addon that is built there, where the one that comes with it does not fit', () => {
    makeMisfit(project);
    const { status, stderr } = setup();
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('✓ addon (build/ncfm.node)');
    expect(distil()).toBeTypeOf('object');
    expect(succeed(project, 'node', 'program.mjs')).toBe('true 1,1\n');
  });
});
