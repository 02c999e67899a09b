/** `ncfm/methods`: training networks, pools of them, synthetic images, and the methods that optimise these. */
export * from '../distill/index.js';
export * from '../methods/index.js';
export * from '../train/index.js';
