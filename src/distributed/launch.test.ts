import { describe, expect, it } from 'vitest';
import { physicalCores } from '../tensor/device.js';
import { expandHosts } from './hosts.js';
import { readLaunch } from './launch.js';
import { ownCores } from './own-cores.js';

const torchrun = {
  RANK: '5',
  WORLD_SIZE: '8',
  LOCAL_RANK: '1',
  LOCAL_WORLD_SIZE: '4',
  MASTER_ADDR: 'node1',
  MASTER_PORT: '29500',
  TORCHELASTIC_RUN_ID: 'mine',
  TORCHELASTIC_RESTART_COUNT: '2',
};
const slurm = {
  SLURM_JOB_ID: '77',
  SLURM_STEP_ID: '0',
  SLURM_PROCID: '3',
  SLURM_LOCALID: '1',
  SLURM_NTASKS: '5',
  SLURM_STEP_NUM_TASKS: '5',
  SLURM_NODEID: '1',
  SLURM_STEP_NODELIST: 'node[08-10]',
  SLURM_STEP_TASKS_PER_NODE: '2(x2),1',
  SLURM_RESTART_COUNT: '1',
};

describe('what a launcher tells', () => {
  it.each([
    [
      'torchrun',
      torchrun,
      { told: 'RANK', rank: 5, size: 8, localRank: 1, localSize: 4, master: 'node1' },
    ],
    // PyTorchJob says nothing of hosts: each pod is one.
    [
      'RANK alone',
      { RANK: '0', WORLD_SIZE: '2' },
      { told: 'RANK', rank: 0, size: 2, localRank: 0, localSize: 1 },
    ],
    [
      "Kubeflow's trainer",
      {
        PET_NNODES: '4',
        PET_NODE_RANK: '2',
        PET_NPROC_PER_NODE: '1',
        PET_MASTER_ADDR: 'a',
        PET_MASTER_PORT: '1',
      },
      { told: 'PET', rank: 2, size: 4, localRank: 0, localSize: 1, master: 'a' },
    ],
    [
      'srun',
      slurm,
      { told: 'SLURM', rank: 3, size: 5, localRank: 1, localSize: 2, master: 'node08' },
    ],
    [
      'mpirun',
      {
        OMPI_COMM_WORLD_RANK: '1',
        OMPI_COMM_WORLD_SIZE: '2',
        OMPI_COMM_WORLD_LOCAL_RANK: '1',
        OMPI_COMM_WORLD_LOCAL_SIZE: '2',
      },
      { told: 'OMPI', rank: 1, size: 2, localRank: 1, localSize: 2 },
    ],
    ['torchrun within srun', { ...slurm, ...torchrun }, { told: 'RANK', rank: 5, size: 8 }],
  ])('is read: %s', (_, environment, expected) => {
    expect(readLaunch(environment)).toMatchObject(expected);
  });

  it('tells a job from others, and its attempts', () => {
    expect(readLaunch(torchrun)!.job).toEqual({ id: 'ranks-mine-node1-29500', attempt: 2 });
    expect(readLaunch(slurm)!.job).toEqual({ id: 'slurm-77.0', attempt: 1 });
  });

  it.each([
    ['nothing', {}],
    ['a world of one', { RANK: '0', WORLD_SIZE: '1' }],
    // As an interactive shell has it.
    ['a Slurm step of one task', { ...slurm, SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '1' }],
  ])('is that this process is alone: %s', (_, environment) => {
    expect(readLaunch(environment)).toBeUndefined();
  });

  it.each([
    [{ WORLD_SIZE: '2' }, /RANK is not/],
    [{ RANK: '2', WORLD_SIZE: '2' }, /process 2 of 2/],
    [{ RANK: 'one', WORLD_SIZE: '2' }, /RANK=one in the environment: expected an integer from 0/],
    [{ PET_NNODES: '2', PET_NODE_RANK: '0', PET_NPROC_PER_NODE: '4' }, /started by torchrun/],
    [{ ...slurm, SLURM_STEP_TASKS_PER_NODE: '5' }, /no number for node 1/],
  ])('is refused where it contradicts itself: %o', (environment, message) => {
    expect(() => readLaunch(environment)).toThrow(message);
  });
});

describe("Slurm's lists of hosts", () => {
  it.each([
    ['login', ['login']],
    ['node[01-03,07],login', ['node01', 'node02', 'node03', 'node07', 'login']],
    ['gpu[9-11]', ['gpu9', 'gpu10', 'gpu11']],
    ['rack[1-2]n[1,3]', ['rack1n1', 'rack1n3', 'rack2n1', 'rack2n3']],
    ['', []],
  ])('%s', (list, hosts) => {
    expect(expandHosts(list)).toEqual(hosts);
  });
});

describe('the cores of a process', () => {
  it('are its part of the host, whatever OMP_NUM_THREADS says', () => {
    const cores = physicalCores();
    expect(ownCores({ OMP_NUM_THREADS: '1' })).toBe(cores);
    const two = { RANK: '0', WORLD_SIZE: '2', LOCAL_WORLD_SIZE: '2', OMP_NUM_THREADS: '1' };
    expect(ownCores(two)).toBe(Math.max(1, Math.floor(cores / 2)));
    const many = { ...two, WORLD_SIZE: '999', LOCAL_WORLD_SIZE: '999' };
    expect(ownCores(many)).toBe(1);
  });

  it('are those that Slurm has given the task', () => {
    expect(ownCores({ ...slurm, SLURM_CPUS_PER_TASK: '1' })).toBe(1);
  });
});
