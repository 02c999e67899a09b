#!/usr/bin/env node
// Makes ncfm ready, in a fresh clone (`npm run setup`) and where it is installed (`npx ncfm setup`). Runs before anything
// else is there, so it uses nothing but Node. What is already done is found out and left alone.

import { buildAddon } from './setup/addon.mjs';
import { ensureNpmPackages } from './setup/npm.mjs';
import { HELP, parseOptions } from './setup/options.mjs';
import { buildPage } from './setup/page.mjs';
import { IS_CHECKOUT, ROOT } from './setup/paths.mjs';
import { usePrebuiltAddon } from './setup/prebuilt.mjs';
import { done, SetupError } from './setup/report.mjs';
import { ensureDataset, ensureLibTorchAndTools } from './setup/system.mjs';
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
async function main(args) {
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const start = performance.now();
  checkNode();
  if (IS_CHECKOUT) await setUpCheckout(options);
  else await setUpPackage(options);
  done(`ready in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** @param {import('./setup/options.mjs').Options} options */
async function setUpCheckout(options) {
  const libTorch = await ensureLibTorchAndTools(options);
  if (options.dataset) await ensureDataset(options);
  ensureNpmPackages();
  buildAddon({ libTorch, ...options });
  buildTypeScript(options);
  buildPage(options);
}

/**
 * npm has installed the packages, and dist/ comes compiled: only the addon may be missing.
 * @param {import('./setup/options.mjs').Options} options
 */
async function setUpPackage(options) {
  if (await usePrebuiltAddon(options)) return;
  buildAddon({ libTorch: await ensureLibTorchAndTools(options), ...options });
}

/**
 * @param {unknown} error
 * @returns {SetupError}
 */
function asSetupError(error) {
  if (error instanceof SetupError) return error;
  const { code, path } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
  return new SetupError(
    `${path} cannot be written (${code}). Run this as whoever may write to ${ROOT}.`,
  );
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const { message, exitCode } = asSetupError(error);
  process.stderr.write(`✗ ${message}\n`);
  process.exitCode = exitCode;
}
