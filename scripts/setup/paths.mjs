import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's (or installed package's) root directory. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything setup writes, the compiled TypeScript and node_modules aside. */
export const BUILD = join(ROOT, 'build');

/** Addons that come with the package, in the layout of node-gyp-build. */
export const PREBUILDS = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`);

/** The addon built on this machine, which is used rather than those that come with the package. */
export const ADDON = join(BUILD, 'ncfm.node');

/** Our kernels for GPUs, which that one loads. */
export const GPU_KERNELS = join(BUILD, 'ncfm_cuda.so');

/** Whether this is the repository: packages are installed without TypeScript sources. */
export const IS_CHECKOUT = existsSync(join(ROOT, 'src'));

/** How a person starts set-up here. */
export const SETUP_COMMAND = IS_CHECKOUT ? 'npm run setup' : 'npx ncfm setup';

/** The same with --yes. */
export const SETUP_YES = IS_CHECKOUT ? 'npm run setup -- --yes' : 'npx ncfm setup --yes';
