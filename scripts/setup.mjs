#!/usr/bin/env node
// Makes a fresh clone ready: system packages, npm packages, the native addon, the TypeScript build.
// Runs before anything is installed, so it uses nothing but Node. Every step looks first and acts
// only when something is missing or has changed; running it again costs a fraction of a second.

import { buildAddon } from './setup/addon.mjs';
import { ensureNpmPackages } from './setup/npm.mjs';
import { HELP, parseOptions } from './setup/options.mjs';
import { done, SetupError } from './setup/report.mjs';
import { loadState } from './setup/state.mjs';
import { ensureSystemPackages } from './setup/system.mjs';
import { buildTypeScript } from './setup/typescript.mjs';

const OLDEST_NODE = [20, 19];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: ncfm needs ${OLDEST_NODE.join('.')} or later.\n` +
        'Install a current release (https://nodejs.org) and run this again.',
    );
  }
  done(`Node ${process.versions.node}`);
}

/** @param {string[]} args */
function main(args) {
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const start = performance.now();
  checkNode();
  const state = loadState({ fresh: options.fresh });
  const libTorch = ensureSystemPackages({ dataset: options.dataset, state });
  ensureNpmPackages();
  buildAddon({ libTorch, state });
  buildTypeScript({ state });
  done(`ready in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`✗ ${error.message}\n`);
  process.exitCode = error.exitCode;
}
