export { broadcastState } from './broadcast-state.js';
export { writeErrorFile } from './error-file.js';
export { joinGroup } from './join.js';
export { type Launch, readLaunch } from './launch.js';
export { ownCores } from './own-cores.js';
export { PeerFailure } from './peer-failure.js';
export type { Peer } from './peers.js';
export { ProcessGroup } from './process-group.js';
