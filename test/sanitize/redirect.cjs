// Loaded before everything else (NODE_OPTIONS) by `npm run test:sanitize`: whoever asks for the addon gets the one that
// was built with sanitizers. Doing it here keeps the library free of a way to load other native code.
/** @type {any} Node's own way to find a module is open to be replaced, but in no type. */
const Module = require('node:module');
const { join } = require('node:path');

const root = join(__dirname, '../..');
const addon = join(root, 'build/ncfm.node');
const sanitized = join(root, 'build/sanitize/ncfm.node');
const resolve = Module._resolveFilename;

/**
 * @param {string} request
 * @param {unknown[]} rest
 */
Module._resolveFilename = (request, ...rest) =>
  request === addon ? sanitized : resolve(request, ...rest);
