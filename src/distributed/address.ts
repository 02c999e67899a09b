import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { CollectivesOptions } from '../tensor/collective.js';
import type { Launch } from './launch.js';

/**
 * Where the other processes of a launch reach this one: at the interface that `GLOO_SOCKET_IFNAME` names; at the loopback
 * where all are on this host; else at the address from which the first process's host is reached. Never at what the host's
 * own name stands for, which on Debian is 127.0.1.1.
 */
export async function ownPlace(
  { master, size, localSize }: Pick<Launch, 'master' | 'size' | 'localSize'>,
  { GLOO_SOCKET_IFNAME: named }: NodeJS.ProcessEnv = process.env,
): Promise<CollectivesOptions['place']> {
  if (named) return { interface: named };
  if (size === localSize) return { address: '127.0.0.1' };
  const routed = master === undefined ? undefined : await routeTo(master);
  const [first] = outwardAddresses();
  return { address: routed ?? first ?? '127.0.0.1' };
}

/** The address of a place: that of the interface where one is named. */
export function addressOf(place: CollectivesOptions['place']): string {
  if ('address' in place) return place.address;
  const found = networkInterfaces()[place.interface]?.find(({ family }) => family === 'IPv4');
  return found?.address ?? '127.0.0.1';
}

/** The address of this host's from which another one is reached; nothing is sent. Undefined for one that isn't known, or this one. */
async function routeTo(host: string): Promise<string | undefined> {
  try {
    const { address } = await lookup(host, { family: 4 });
    const socket = createSocket('udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject).connect(9, address, resolve);
      });
      const own = socket.address().address;
      return own.startsWith('127.') ? undefined : own;
    } finally {
      socket.close();
    }
  } catch {
    return undefined;
  }
}

function outwardAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
