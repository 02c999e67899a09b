// Loaded before everything else (NODE_OPTIONS) by `npm run test:sanitize`: whoever asks for the addon, or for the kernels
// for GPUs on the processor, gets what was built with sanitizers. Doing it here keeps the library free of a way to load other native code.
/** @type {any} Node's own way to find a module is open to be replaced, but in no type. */
const Module = require('node:module');
const { join } = require('node:path');

const root = join(__dirname, '../..');
const sanitized = new Map(
  ['ncfm.node', 'ncfm_emulated.node'].map((name) => [
    join(root, 'build', name),
    join(root, 'build/sanitize', name),
  ]),
);
const resolve = Module._resolveFilename;

/**
 * @param {string} request
 * @param {unknown[]} rest
 */
Module._resolveFilename = (request, ...rest) => sanitized.get(request) ?? resolve(request, ...rest);
