import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { whyNotLoaded } from './addon.mjs';
import { hasApt, installWithApt } from './apt.mjs';
import { findLibTorch } from './libtorch.mjs';
import { ADDON, PREBUILDS } from './paths.mjs';
import { done, warn } from './report.mjs';
import { ensureOpenBlas } from './system.mjs';

/**
 * An addon that comes with the package, for the LibTorch of one release of a system.
 * @typedef {object} Prebuilt
 * @property {string} path
 * @property {string} release such as 'debian-12'
 * @property {string} libTorch its version as far as libraries' names tell it: '1.13'
 */

/**
 * The name of an addon in the layout of node-gyp-build, which leaves tags that it doesn't know to the package.
 * @param {{ release: string, libTorch: string }} addon
 */
export function prebuiltName({ release, libTorch }) {
  return `ncfm.${release}.libtorch-${libTorch}.napi.glibc.node`;
}

/** @returns {Prebuilt[]} */
export function prebuiltAddons() {
  if (!existsSync(PREBUILDS)) return [];
  return readdirSync(PREBUILDS).flatMap((name) => {
    const tags = /^ncfm\.([^.]+)\.libtorch-(.+)\.napi\.glibc\.node$/.exec(name);
    if (tags === null) return [];
    return [{ path: join(PREBUILDS, name), release: tags[1] ?? '', libTorch: tags[2] ?? '' }];
  });
}

/** @returns {string} this system and its release as /etc/os-release has them, such as 'debian-12' */
export function systemRelease() {
  if (!existsSync('/etc/os-release')) return process.platform;
  const text = readFileSync('/etc/os-release', 'utf8');
  const value = (/** @type {string} */ key) =>
    new RegExp(`^${key}="?([^"\\n]*)`, 'm').exec(text)?.[1] ?? 'unknown';
  return `${value('ID')}-${value('VERSION_ID')}`;
}

/**
 * Has an addon that came with the package used, if there is one for this system's LibTorch; that takes no compiler.
 * Its LibTorch is installed where the machine has none.
 * @param {{ yes: boolean }} options
 * @returns {Promise<boolean>} false if the addon must be built here, against another LibTorch
 */
export async function usePrebuiltAddon(options) {
  // Whoever names a LibTorch wants that one.
  if (process.env.LIBTORCH) return false;
  const addons = prebuiltAddons();
  if (await useOneOf(addons, options)) return true;
  const ours = addons.find(({ release }) => release === systemRelease());
  if (ours !== undefined && findLibTorch() === undefined && hasApt()) {
    await installWithApt([`libtorch${ours.libTorch}`, 'libopenblas0-pthread'], options);
    if (await useOneOf([ours], options)) return true;
  }
  for (const { path, libTorch } of addons) {
    warn(`the prebuilt addon for LibTorch ${libTorch} does not fit here: ${whyNotLoaded(path)}`);
  }
  return false;
}

/**
 * @param {Prebuilt[]} addons
 * @param {{ yes: boolean }} options
 */
async function useOneOf(addons, options) {
  const fitting = addons.find(({ path }) => whyNotLoaded(path) === undefined);
  if (fitting === undefined) return false;
  // One that was built here would be preferred.
  if (existsSync(ADDON)) rmSync(ADDON);
  done(`prebuilt addon for LibTorch ${fitting.libTorch}`);
  await ensureOpenBlas(options);
  return true;
}
