import { hostname } from 'node:os';
import { isRunning } from '../core/lock.js';

/** A process of a group, as the others know it. */
export interface Peer {
  readonly rank: number;
  readonly host: string;
  readonly pid: number;
  /** Where it is reached. */
  readonly address: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** To be read in a sentence: `process 2 (pid 4711 on node3)`. */
export function nameOf({ rank, pid, host }: Peer): string {
  return `process ${rank} (pid ${pid} on ${host})`;
}

/** The processes of this host that are no longer there. */
export function gone(peers: readonly Peer[]): Peer[] {
  const host = hostname();
  return peers.filter((peer) => peer.host === host && !isRunning(peer.pid));
}

/** Those whose connection a message of Gloo's is about, by the address in it: `Connection closed by peer [10.0.0.2]:4711`. */
export function mentioned(message: string, peers: readonly Peer[]): Peer[] {
  const address = /\[([0-9a-f.:]+)\]:\d+/.exec(message)?.[1];
  return peers.filter((peer) => peer.address === address);
}
