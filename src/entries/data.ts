/** `ncfm/data`: datasets and their readers, sampling from them, and augmentation. */
export * from '../augment/index.js';
export * from '../data/index.js';
export * from '../data/reading.js';
