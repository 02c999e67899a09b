import { physicalCores } from '../tensor/device.js';
import { readLaunch } from './launch.js';

/**
 * The physical cores that are this process's: its part of the host's, where a launcher has started several on it. Whatever
 * `OMP_NUM_THREADS` says, which torchrun sets to 1 for want of a better guess.
 */
export function ownCores(environment: NodeJS.ProcessEnv = process.env): number {
  const launch = readLaunch(environment);
  const cores = physicalCores();
  const { SLURM_CPUS_PER_TASK: perTask } = environment;
  // Slurm may have bound each task to its own processors, which are then all that is seen here.
  if (launch?.told === 'SLURM' && perTask !== undefined) return Math.min(cores, Number(perTask));
  return Math.max(1, Math.floor(cores / (launch?.localSize ?? 1)));
}
