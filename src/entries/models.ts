/** `ncfm/models`: the networks, and what one of your own is made of. */
export * from '../models/index.js';
