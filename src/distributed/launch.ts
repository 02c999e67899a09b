import { UsageError } from '../core/errors.js';
import type { Job } from '../core/job.js';
import { expandHosts } from './hosts.js';

/** What a launcher has told this process of the ones that it was started with. */
export interface Launch {
  /** Which launcher's variables these are. */
  readonly told: 'RANK' | 'PET' | 'SLURM' | 'OMPI';
  /** From 0. */
  readonly rank: number;
  /** Processes in all; more than 1. */
  readonly size: number;
  /** Among the processes of this host, and how many these are. */
  readonly localRank: number;
  readonly localSize: number;
  /** The same for all processes of one launch, and for no other launch at the same time. */
  readonly job: Job;
  /** Host name or address of the first process's host, where it is told. */
  readonly master: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What a launcher has told in the environment: `RANK` and `WORLD_SIZE` (torchrun, PyTorchJob, or by hand), then `PET_*`
 * (Kubeflow), `SLURM_*` and `OMPI_COMM_WORLD_*`; undefined where this process is alone.
 * @throws UsageError for variables that contradict each other, naming them.
 */
export function readLaunch(environment: Environment = process.env): Launch | undefined {
  const found = readers.map((read) => read(environment)).find((launch) => launch !== undefined);
  if (found === undefined || found.size === 1) return undefined;
  const { told, rank, size, localRank, localSize } = found;
  if (rank >= size || localRank >= localSize) {
    throw new UsageError(
      `the environment (${told}) says that this is process ${rank} of ${size}, ${localRank} of ${localSize} on its host; ranks count from 0`,
    );
  }
  return found;
}

const readers: readonly ((environment: Environment) => Launch | undefined)[] = [
  fromRank,
  fromKubeflow,
  fromSlurm,
  fromOpenMpi,
];

function fromRank(environment: Environment): Launch | undefined {
  if (environment.WORLD_SIZE === undefined) return undefined;
  const size = count(environment, 'WORLD_SIZE', 1);
  if (size > 1 && environment.RANK === undefined) {
    throw new UsageError(
      'WORLD_SIZE is set and RANK is not; a launcher sets both, unset both to run alone',
    );
  }
  const rank = count(environment, 'RANK', 0, 0);
  const { MASTER_ADDR: master, MASTER_PORT: port = '', TORCHELASTIC_RUN_ID: id } = environment;
  return {
    told: 'RANK',
    rank,
    size,
    // Without a word of it (PyTorchJob) every process has a host of its own.
    localRank: count(environment, 'LOCAL_RANK', 0, 0),
    localSize: count(environment, 'LOCAL_WORLD_SIZE', 1, 1),
    job: {
      id: ['ranks', ...(id === undefined ? [] : [id]), master ?? 'localhost', port].join('-'),
      attempt: count(environment, 'TORCHELASTIC_RESTART_COUNT', 0, 0),
    },
    master,
  };
}

/** Kubeflow's trainer sets what torchrun reads: without torchrun it is enough where each node has one process. */
function fromKubeflow(environment: Environment): Launch | undefined {
  if (environment.PET_NNODES === undefined || environment.PET_NODE_RANK === undefined)
    return undefined;
  const perNode = environment.PET_NPROC_PER_NODE ?? '1';
  if (perNode !== '1') {
    throw new UsageError(
      `PET_NPROC_PER_NODE=${perNode}: several processes on a node are started by torchrun (torchrun --no-python node …/main.js run …)`,
    );
  }
  const { PET_MASTER_ADDR: master, PET_MASTER_PORT: port = '' } = environment;
  return {
    told: 'PET',
    rank: count(environment, 'PET_NODE_RANK', 0),
    size: count(environment, 'PET_NNODES', 1),
    localRank: 0,
    localSize: 1,
    job: { id: `pet-${environment.PET_RDZV_ID ?? ''}-${master ?? ''}-${port}`, attempt: 0 },
    master,
  };
}

function fromSlurm(environment: Environment): Launch | undefined {
  if (environment.SLURM_PROCID === undefined) return undefined;
  const size = count(
    environment,
    'SLURM_STEP_NUM_TASKS',
    1,
    count(environment, 'SLURM_NTASKS', 1, 1),
  );
  const nodes = environment.SLURM_STEP_NODELIST ?? environment.SLURM_NODELIST ?? '';
  const hosts = expandHosts(nodes);
  const node = count(environment, 'SLURM_NODEID', 0, 0);
  return {
    told: 'SLURM',
    rank: count(environment, 'SLURM_PROCID', 0),
    size,
    localRank: count(environment, 'SLURM_LOCALID', 0, 0),
    localSize: tasksOfNode(
      environment.SLURM_STEP_TASKS_PER_NODE ?? environment.SLURM_TASKS_PER_NODE ?? String(size),
      node,
    ),
    job: {
      id: `slurm-${environment.SLURM_JOB_ID ?? ''}.${environment.SLURM_STEP_ID ?? ''}`,
      attempt: count(environment, 'SLURM_RESTART_COUNT', 0, 0),
    },
    master: hosts[0],
  };
}

/** Slurm's short form, `2(x3),1`: two tasks on each of three nodes, one on the fourth. */
function tasksOfNode(text: string, node: number): number {
  const counts = text.split(',').flatMap((part) => {
    const [, tasks, times = '1'] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part) ?? [];
    return tasks === undefined ? [] : Array<number>(Number(times)).fill(Number(tasks));
  });
  const tasks = counts[node];
  if (tasks !== undefined) return tasks;
  throw new UsageError(
    `SLURM_TASKS_PER_NODE=${text} has no number for node ${node} (SLURM_NODEID)`,
  );
}

function fromOpenMpi(environment: Environment): Launch | undefined {
  if (environment.OMPI_COMM_WORLD_SIZE === undefined) return undefined;
  return {
    told: 'OMPI',
    rank: count(environment, 'OMPI_COMM_WORLD_RANK', 0),
    size: count(environment, 'OMPI_COMM_WORLD_SIZE', 1),
    localRank: count(environment, 'OMPI_COMM_WORLD_LOCAL_RANK', 0, 0),
    localSize: count(environment, 'OMPI_COMM_WORLD_LOCAL_SIZE', 1, 1),
    job: {
      id: `ompi-${environment.PMIX_NAMESPACE ?? environment.OMPI_MCA_ess_base_jobid ?? ''}`,
      attempt: 0,
    },
    master: environment.MASTER_ADDR,
  };
}

/** An integer from `least`. */
function count(environment: Environment, name: string, least: number, otherwise?: number): number {
  const text = environment[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  const value = Number(text);
  if (text !== undefined && text.trim() !== '' && Number.isSafeInteger(value) && value >= least)
    return value;
  throw new UsageError(
    `${name}=${text ?? ''} in the environment: expected an integer from ${least}`,
  );
}
