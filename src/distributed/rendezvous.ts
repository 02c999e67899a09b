import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FailureError, UsageError } from '../core/errors.js';
import { makeFolder, writeFileAtomic } from '../core/files.js';
import { Collectives, type CollectivesOptions, SharedStore } from '../tensor/collective.js';
import { addressOf, ownPlace } from './address.js';
import type { Launch } from './launch.js';
import type { Peer } from './peers.js';

export interface RendezvousOptions {
  readonly launch: Launch;
  /** A folder that all processes see: the first one tells in it where its store is. */
  readonly folder: string;
  /** What all processes must agree in: versions. */
  readonly versions: Readonly<Record<string, string>>;
  readonly milliseconds: number;
}

/** What processes that have found each other share. */
export interface Met {
  readonly store: SharedStore;
  readonly collectives: Collectives;
  readonly peers: readonly Peer[];
}

/** Where the first process's store is. */
interface Notice {
  readonly address: string;
  readonly port: number;
  readonly token: string;
}

const pollMilliseconds = 50;
const connectMilliseconds = 3000;

/**
 * Has the processes of a launch find each other. The first one serves a store of its own, and says where in a file of the
 * folder: launchers' own stores speak protocols that differ between versions of PyTorch.
 *
 * @throws UsageError when they run different versions, and FailureError naming those that have not come in time.
 */
export async function meet(options: RendezvousOptions): Promise<Met> {
  const { launch, milliseconds } = options;
  const deadline = performance.now() + milliseconds;
  const place = await ownPlace(launch);
  const path = noticePath(options);
  const store =
    launch.rank === 0
      ? serve(path, addressOf(place), milliseconds)
      : await connect(path, deadline, options);
  try {
    const own = {
      host: hostname(),
      pid: process.pid,
      address: addressOf(place),
      versions: options.versions,
    };
    store.set(peerKey(launch.rank), JSON.stringify(own));
    const peers = await allPeers(store, launch.size, deadline, milliseconds);
    requireSameVersions(peers);
    const collectives = openCollectives(store, launch, place, milliseconds);
    if (launch.rank === 0) rmSync(path, { force: true });
    return { store, collectives, peers };
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
}

function noticePath({ launch: { job }, folder }: RendezvousOptions): string {
  const name = `${job.id}-${job.attempt}`.replaceAll(/[^A-Za-z0-9.]+/g, '-');
  return join(folder, `${name}.json`);
}

function serve(path: string, address: string, milliseconds: number): SharedStore {
  const store = new SharedStore({ host: address, port: 0, serves: true, milliseconds });
  const notice: Notice = { address, port: store.port, token: randomUUID() };
  store.set('token', notice.token);
  makeFolder(join(path, '..'));
  writeFileAtomic(path, `${JSON.stringify(notice)}\n`);
  return store;
}

/** The first process's store. A notice that an earlier launch has left leads nowhere, or to a store with another token. */
async function connect(
  path: string,
  deadline: number,
  { launch, milliseconds }: RendezvousOptions,
): Promise<SharedStore> {
  while (performance.now() < deadline) {
    const notice = readNotice(path);
    const store = notice && tryConnect(notice);
    if (store !== undefined) return store;
    await setTimeout(pollMilliseconds);
  }
  throw new FailureError(
    `process ${launch.rank} of ${launch.size} on ${hostname()} has not found process 0 within ${seconds(milliseconds)}; all processes must be started with the same arguments and see the same folder (--cache), where process 0 tells its address in ${path}`,
  );
}

function readNotice(path: string): Notice | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Notice;
  } catch {
    return undefined;
  }
}

function tryConnect({ address, port, token }: Notice): SharedStore | undefined {
  try {
    const options = { host: address, port, serves: false, milliseconds: connectMilliseconds };
    const store = new SharedStore(options);
    if (store.get('token') === token) return store;
    store[Symbol.dispose]();
  } catch (error) {
    if (error instanceof FailureError) throw error;
  }
  return undefined;
}

function peerKey(rank: number): string {
  return `peer-${rank}`;
}

async function allPeers(
  store: SharedStore,
  size: number,
  deadline: number,
  milliseconds: number,
): Promise<Peer[]> {
  for (;;) {
    const found = Array.from({ length: size }, (_, rank) => store.get(peerKey(rank)));
    const missing = found.flatMap((peer, rank) => (peer === undefined ? [rank] : []));
    if (missing.length === 0) {
      return found.map((peer, rank) => ({ rank, ...(JSON.parse(peer!) as Omit<Peer, 'rank'>) }));
    }
    if (performance.now() > deadline) {
      throw new FailureError(
        `of ${size} processes ${missing.map(String).join(', ')} have not come within ${seconds(milliseconds)}; see what their hosts' logs say`,
      );
    }
    await setTimeout(pollMilliseconds);
  }
}

function requireSameVersions(peers: readonly Peer[]): void {
  const [first] = peers;
  for (const { rank, host, versions } of peers) {
    for (const [name, version] of Object.entries(versions)) {
      const expected = first!.versions[name];
      if (version === expected) continue;
      throw new UsageError(
        `process ${rank} on ${host} has ${name} ${version}, process 0 on ${first!.host} has ${expected}; install the same on all hosts`,
      );
    }
  }
}

function openCollectives(
  store: SharedStore,
  { rank, size }: Launch,
  place: CollectivesOptions['place'],
  milliseconds: number,
): Collectives {
  try {
    return new Collectives({ store, rank, size, place, milliseconds });
  } catch (cause) {
    const where = 'address' in place ? place.address : place.interface;
    throw new FailureError(
      `the processes could not connect to each other (process ${rank}, at ${where}: ${(cause as Error).message.split('\n')[0]}); name the interface of the network that joins the hosts by GLOO_SOCKET_IFNAME`,
      { cause },
    );
  }
}

export function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}
