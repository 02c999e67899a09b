export { type UnpackOptions, type UnpackProgress, unpackArchive } from './unpack.js';
export { defaultUnpackLimits, type UnpackLimits } from './unpacking.js';
