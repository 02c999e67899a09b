export { joinGroup } from './join.js';
export { type Job, type Launch, readLaunch } from './launch.js';
export { PeerFailure, ProcessGroup } from './process-group.js';
