export * from './forgetting.js';
export * from './herding.js';
export * from './k-centre.js';
export * from './select.js';
