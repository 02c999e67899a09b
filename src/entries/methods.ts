/** `ncfm/methods`: training networks, pools of them, synthetic images, and the methods that optimise these. */

/** What options are made of, for the schemas of methods. */
export * as fields from '../core/fields.js';
export * from '../distill/index.js';
export * from '../methods/index.js';
export * from '../train/index.js';
