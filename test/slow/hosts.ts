import { spawnSync } from 'node:child_process';
import { type Launched, startProgram } from '../distributed/processes.js';

/** Whether this machine's network may be divided. */
export const mayMakeHosts =
  process.getuid?.() === 0 && spawnSync('ip', ['netns', 'list']).status === 0;

/** Hosts with a name, processes and a network address of their own, joined by a bridge. */
export interface Hosts extends Disposable {
  /** So many processes of a program on each host. */
  launch(each: number, args: readonly string[], env?: NodeJS.ProcessEnv): Launched[];
  /** Takes a host's network down, and brings it up again. */
  cut(host: number): void;
  mend(host: number): void;
}

const bridge = 'ncfm-bridge';
const space = (host: number): string => `ncfm-host-${host}`;
const address = (host: number): string => `10.77.0.${host + 1}`;

export function hosts(count: number): Hosts {
  const all = Array.from({ length: count }, (_, host) => host);
  const remove = (): void => {
    for (const host of all) spawnSync('ip', ['netns', 'delete', space(host)]);
    spawnSync('ip', ['link', 'delete', bridge]);
  };
  remove();
  ip(`link add ${bridge} type bridge`);
  ip(`link set ${bridge} up`);
  for (const host of all) {
    ip(`netns add ${space(host)}`);
    ip(`link add ncfm-${host} type veth peer name eth0 netns ${space(host)}`);
    ip(`link set ncfm-${host} master ${bridge} up`);
    ip(`-n ${space(host)} address add ${address(host)}/24 dev eth0`);
    ip(`-n ${space(host)} link set eth0 up`);
    ip(`-n ${space(host)} link set lo up`);
  }
  let launches = 0;
  return {
    launch: (each, args, env = {}) => {
      launches += 1;
      return all.flatMap((host) =>
        Array.from({ length: each }, (_, local) => {
          const apart = ['unshare', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child'];
          const named = ['sh', '-c', `hostname ${space(host)}; exec "$0" "$@"`, process.execPath];
          return startProgram('ip', ['netns', 'exec', space(host), ...apart, ...named, ...args], {
            RANK: String(host * each + local),
            WORLD_SIZE: String(count * each),
            LOCAL_RANK: String(local),
            LOCAL_WORLD_SIZE: String(each),
            MASTER_ADDR: address(0),
            MASTER_PORT: String(launches),
            ...env,
          });
        }),
      );
    },
    cut: (host) => ip(`-n ${space(host)} link set eth0 down`),
    mend: (host) => ip(`-n ${space(host)} link set eth0 up`),
    [Symbol.dispose]: remove,
  };
}

function ip(line: string): void {
  const { status, stderr } = spawnSync('ip', line.split(' '), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${line}: ${stderr}`);
}
