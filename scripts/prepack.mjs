#!/usr/bin/env node
// `npm pack` and `npm publish` run this after the build: the addon goes into the package as the one for this system's
// LibTorch, without what only a debugger reads.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ADDON, PREBUILDS } from './setup/paths.mjs';
import { prebuiltName, systemRelease } from './setup/prebuilt.mjs';
import { done, SetupError } from './setup/report.mjs';
import { run } from './setup/shell.mjs';

/** Distributions give LibTorch's libraries names with versions, so that no addon loads another one; wheels don't. */
function versionOfLinkedLibTorch() {
  const version = /\0libtorch_cpu\.so\.([\d.]+)\0/.exec(readFileSync(ADDON, 'latin1'))?.[1];
  if (version !== undefined) return version;
  throw new SetupError(
    "The package ships an addon for Debian's LibTorch, and this one was built against another. Type\n" +
      '  LIBTORCH=/usr npm pack',
  );
}

try {
  const name = prebuiltName({ release: systemRelease(), libTorch: versionOfLinkedLibTorch() });
  rmSync(dirname(PREBUILDS), { recursive: true, force: true });
  mkdirSync(PREBUILDS, { recursive: true });
  run({
    title: 'Stripping the addon',
    command: 'strip',
    args: ['--strip-unneeded', '-o', join(PREBUILDS, name), ADDON],
  });
  done(`prebuilt addon (${name})`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`✗ ${error.message}\n`);
  process.exitCode = error.exitCode;
}
