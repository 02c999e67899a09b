import { spawn, spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning } from '../core/lock.js';
import { addressOf, ownPlace } from './address.js';
import { gone, mentioned, type Peer } from './peers.js';

const peer = (rank: number, changes: Partial<Peer> = {}): Peer => ({
  rank,
  host: hostname(),
  pid: process.pid,
  address: `10.0.0.${rank}`,
  versions: {},
  ...changes,
});

describe('other processes', () => {
  it('are gone when they have ended, on this host; of others nothing is known', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const peers = [peer(0), peer(1, { pid }), peer(2, { pid, host: 'elsewhere' })];
    expect(gone(peers).map(({ rank }) => rank)).toEqual([1]);
  });

  it('are gone when they were killed and their parent has not asked for them', async () => {
    // The shell never waits for its child.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
    onTestFinished(() => {
      parent.kill('SIGKILL');
    });
    const child = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
    while (isRunning(child)) await setTimeout(10);
    expect(() => process.kill(child, 0)).not.toThrow();
  });

  it('are those that a lost connection was to, by its address', () => {
    const message =
      '[./gloo/transport/tcp/pair.cc:589] Read error [10.0.0.2]:6548: Connection reset';
    expect(mentioned(message, [peer(1), peer(2)]).map(({ rank }) => rank)).toEqual([2]);
    expect(mentioned('no more', [peer(1)])).toEqual([]);
  });
});

describe('where a process is reached', () => {
  it.each([
    ['at the loopback where all are on one host', { size: 2, localSize: 2, master: 'elsewhere' }],
  ])('%s', async (_, launch) => {
    expect(await ownPlace(launch, {})).toEqual({ address: '127.0.0.1' });
  });

  it('at the interface that is named', async () => {
    const launch = { size: 4, localSize: 2, master: undefined };
    const place = await ownPlace(launch, { GLOO_SOCKET_IFNAME: 'lo' });
    expect(place).toEqual({ interface: 'lo' });
    expect(addressOf(place)).toBe('127.0.0.1');
  });

  it("never at what this host's name stands for", async () => {
    const launch = { size: 4, localSize: 2, master: 'localhost' };
    const place = await ownPlace(launch, {});
    // A machine without a network has the loopback alone.
    expect('address' in place && /^\d+\.\d+\.\d+\.\d+$/.test(place.address)).toBe(true);
    expect(place).not.toEqual({ address: '127.0.1.1' });
  });
});
