import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../src/core/testing/folder.js';
import { outputUntil } from '../../src/core/testing/output.js';
import { launch, launchAll, member, ncfm } from '../distributed/processes.js';
import { hosts, mayMakeHosts } from './hosts.js';

/** The digits, with a checkpoint every ten iterations. */
function command(folder: string, name: string, iterations = 150): string[] {
  return [
    ...[ncfm, 'run', 'digits', '--threads', '1', '--quiet', '--resume', '--name', name],
    ...['--runs', join(folder, 'runs'), '--cache', join(folder, `cache-${name}`)],
    ...['--set', `distill.iterations=${iterations}`, '--set', 'checkpoint.iterations=10'],
  ];
}

function product(folder: string, name: string): string {
  const images = readFileSync(join(folder, 'runs', name, 'distilled/images.safetensors'));
  return createHash('sha256').update(images).digest('hex');
}

async function alone(folder: string): Promise<string> {
  const [ended] = await launchAll(1, command(folder, 'alone'));
  expect(ended!.exitCode, ended!.stderr).toBe(0);
  return product(folder, 'alone');
}

const torchrun = process.env.NCFM_TORCHRUN ?? 'torchrun';
const hasTorchrun = spawnSync(torchrun, ['--help']).status === 0;

describe.skipIf(!hasTorchrun)(
  `under torchrun${hasTorchrun ? '' : ' (skipped: NCFM_TORCHRUN names no torchrun)'}`,
  () => {
    const launched = (size: number, args: readonly string[], log: string): ChildProcess => {
      const elastic = ['--max-restarts', '100', '--monitor-interval', '0.5'];
      const child = spawn(
        torchrun,
        [
          '--no-python',
          '--standalone',
          '--nproc-per-node',
          String(size),
          ...elastic,
          process.execPath,
          ...args,
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      child.stderr.pipe(createWriteStream(log, { flags: 'a' }));
      onTestFinished(() => {
        child.kill('SIGKILL');
      });
      return child;
    };

    it.each([1, 2, 3, 4])('a run by %i processes has the images of one', async (size) => {
      const folder = temporaryFolder();
      const expected = await alone(folder);
      const child = launched(size, command(folder, 'several'), join(folder, 'log'));
      const exitCode = await new Promise((resolve) => child.once('exit', resolve));
      expect(exitCode, readFileSync(join(folder, 'log'), 'utf8')).toBe(0);
      expect(product(folder, 'several')).toBe(expected);
    });

    it('fifty kills of processes and of the agent leave the images as they are', async () => {
      const folder = temporaryFolder();
      const expected = await alone(folder);
      const kills = { processes: 0, agents: 0 };
      const random = generator(1);
      for (let run = 0; kills.processes + kills.agents < 50; run++) {
        const name = `killed-${run}`;
        const start = () => launched(2 + (run % 2), command(folder, name), join(folder, 'log'));
        await killUntilDone(start, name, random, kills);
        expect(product(folder, name)).toBe(expected);
      }
      process.stderr.write(`killed: ${JSON.stringify(kills)}\n`);
    });
  },
);

/** Kills one process after another, of the program or its agent, which is started anew then, eight times at most; waits for the end. */
async function killUntilDone(
  start: () => ChildProcess,
  name: string,
  random: () => number,
  kills: { processes: number; agents: number },
): Promise<void> {
  let agent = start();
  for (let kill = 0; kill < 8 && agent.exitCode === null; kill++) {
    await setTimeout(1500 + 4500 * random());
    if (agent.exitCode !== null) break;
    if (random() < 0.25) {
      agent.kill('SIGKILL');
      kills.agents += 1;
      // Its workers find out and leave.
      await setTimeout(4000);
      agent = start();
      continue;
    }
    const victims = processesOf(name);
    if (victims.length === 0) continue;
    process.kill(victims[Math.floor(random() * victims.length)]!, 'SIGKILL');
    kills.processes += 1;
  }
  if (agent.exitCode === null) await new Promise((resolve) => agent.once('exit', resolve));
  expect(agent.exitCode).toBe(0);
}

/** The numbers of Node's processes that have an argument. */
function processesOf(argument: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const args = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      return args[0] === process.execPath && args.includes(argument) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

/** Uniform numbers in [0, 1), the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe.skipIf(!mayMakeHosts)(
  `across hosts made of network namespaces${mayMakeHosts ? '' : ' (skipped: that takes root and ip)'}`,
  () => {
    it.each([
      [2, 2],
      [3, 1],
      [4, 1],
    ])('a run by %i hosts of %i processes has the images of one', async (count, each) => {
      const folder = temporaryFolder();
      const expected = await alone(folder);
      using network = hosts(count);
      const all = await Promise.all(
        network.launch(each, command(folder, 'several')).map(({ ended }) => ended),
      );
      expect(all.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(
        new Array(count * each).fill([0, '']),
      );
      expect(product(folder, 'several')).toBe(expected);
    });

    it('a cut network ends in an error on either side within its limit, and the run goes on from there', async () => {
      const folder = temporaryFolder();
      const expected = await alone(folder);
      using network = hosts(2);
      const limit = 10;
      const launchedThere = network.launch(1, command(folder, 'cut'), {
        NCFM_PEER_TIMEOUT: String(limit),
      });
      await checkpoint(join(folder, 'runs/cut/checkpoints'));
      network.cut(1);
      const cut = performance.now();
      const all = await Promise.all(launchedThere.map(({ ended }) => ended));
      expect((performance.now() - cut) / 1000).toBeLessThan(3 * limit);
      for (const { exitCode, stderr } of all) {
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(
          /have not heard of each other for 10 s|nothing has been heard of process/,
        );
      }
      network.mend(1);
      const again = await Promise.all(
        network.launch(1, command(folder, 'cut')).map(({ ended }) => ended),
      );
      expect(again.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      expect(product(folder, 'cut')).toBe(expected);
    });
  },
);

async function checkpoint(folder: string): Promise<void> {
  for (;;) {
    try {
      if (readdirSync(folder).some((name) => name.endsWith('.safetensors'))) return;
    } catch {
      // Not there yet.
    }
    await setTimeout(50);
  }
}

it.each(['waits', 'iterates'])(
  'a process that stands still ends the others within the limit (%s)',
  async (scenario) => {
    const env = { NCFM_PEER_TIMEOUT: '10' };
    const launched = launch(2, [member, temporaryFolder(), scenario], { env });
    await Promise.all(launched.map(({ child }) => outputUntil(child.stdout!, /going/)));
    launched[1]!.child.kill('SIGSTOP');
    const { exitCode, stdout } = await launched[0]!.ended;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /nothing has been heard of process 1|have not heard of each other for 10 s/,
    );
  },
);
