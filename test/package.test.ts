import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prebuiltName, systemRelease } from '../scripts/setup/prebuilt.mjs';
import {
  emptyProject,
  installFromHere,
  isForDistribution,
  makeMisfit,
  pack,
  remove,
  root,
  run,
  succeed,
} from './installed.js';

const program = `
  import { engine, ops } from 'ncfm/tensor';
  console.log(engine().version !== '', ops.ones([2]).toFloat32Array().join());
`;

// Without the step that compiles: other tests use dist/ and the addon at the same time. `npm run test:slow` has it.
describe.runIf(isForDistribution)('the package', () => {
  let folder: string;
  let tarball: string;

  beforeAll(() => {
    folder = emptyProject();
    succeed(root, 'node', 'scripts/prepack.mjs');
    tarball = pack(folder, '--ignore-scripts');
  });
  afterAll(() => remove(folder));

  it('ships what runs and what builds the addon, and neither sources of TypeScript nor tests', () => {
    const files = succeed(folder, 'tar', 'tzf', tarball)
      .trim()
      .split('\n')
      .map((path) => path.replace('package/', ''));
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/index.d.ts',
        'dist/cli/main.js',
        'dist/config/defaults.yaml',
        'dist/studio/page/page.js',
        'CMakeLists.txt',
        'native/tensor.cc',
        'scripts/setup.mjs',
        'scripts/setup/system.mjs',
      ]),
    );
    const prebuilt = files.filter((path) => path.startsWith('prebuilds/'));
    expect(prebuilt).toEqual([expect.stringMatching(/^prebuilds\/linux-x64\/ncfm\..*\.node$/)]);
    const superfluous =
      /^(?!examples\/).*(?<!\.d)\.ts$|\.map$|\.test\.|\/testing\/|^(build|test|bench)\//;
    expect(files.filter((path) => superfluous.test(path))).toEqual([]);
  });

  describe('in an empty project', () => {
    let project: string;
    const ncfm = (...args: readonly string[]) => run(project, 'npx', '--no', 'ncfm', ...args);
    const builtHere = () => join(project, 'node_modules/ncfm/build/ncfm.node');

    beforeAll(() => {
      project = emptyProject();
      installFromHere(project, tarball);
      writeFileSync(join(project, 'program.mjs'), program);
    });
    afterAll(() => remove(project));

    it('works as soon as it is installed, and has nothing to set up', () => {
      expect(succeed(project, 'node', 'program.mjs')).toBe('true 1,1\n');
      const { status, stdout, stderr } = ncfm('setup');
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      expect(stderr).toMatch(/^✓ Node .*\n✓ prebuilt addon for LibTorch [\d.]+\n✓ ready in .*\n$/);
    });

    it('uses an addon that was built there, until set-up finds that the prebuilt one fits', () => {
      mkdirSync(join(project, 'node_modules/ncfm/build'));
      writeFileSync(builtHere(), 'no library');
      expect(run(project, 'node', 'program.mjs').stderr).toContain(
        `The native engine could not be loaded: ${builtHere()}: file too short. Set it up with \`npx ncfm setup\`.`,
      );
      expect(ncfm('setup').status).toBe(0);
      expect(succeed(project, 'node', 'program.mjs')).toBe('true 1,1\n');
    });

    it('says what to type where the prebuilt addon does not fit', () => {
      makeMisfit(project);
      const missing =
        /^The native engine could not be loaded: libtorch_cpu\.so\.9\.99: cannot open shared object file: .*\. Set it up with `npx ncfm setup`\.\n$/;
      expect(ncfm('run', 'digits')).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(missing),
      });
      // A compiler that is not there ends set-up before it compiles.
      const withoutCompiler = ['CXX=/no/such/compiler', 'npx', '--no', 'ncfm', 'setup'];
      const { status, stderr } = run(project, 'env', ...withoutCompiler);
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /! the prebuilt addon for LibTorch .* does not fit here: libtorch_cpu/,
      );
      expect(stderr).toMatch(/Not installed: g\+\+|a C\+\+ compiler: install/);
    });
  });
});

describe('the name of a prebuilt addon', () => {
  it('tells the system and the LibTorch that it is for, with the tags of node-gyp-build', () => {
    expect(prebuiltName({ release: 'debian-12', libTorch: '1.13' })).toBe(
      'ncfm.debian-12.libtorch-1.13.napi.glibc.node',
    );
    expect(systemRelease()).toMatch(/^[a-z]+-[\w.]+$/);
  });
});
