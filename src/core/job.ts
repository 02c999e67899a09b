/** A launcher's job that this process belongs to. */
export interface Job {
  readonly id: string;
  /** How often the launcher has started it anew. */
  readonly attempt: number;
}

/** The job whose processes torchrun or Slurm starts anew after a failure; undefined where none is told by a name of its own. */
export function readJob(environment: NodeJS.ProcessEnv = process.env): Job | undefined {
  const { TORCHELASTIC_RUN_ID: run, SLURM_JOB_ID: slurm } = environment;
  const attempt = readAttempt(environment);
  // What torchrun calls every job that it was given no name for (--rdzv-id).
  if (run === 'none') return undefined;
  if (run !== undefined) return { id: `torchelastic-${run}`, attempt };
  return slurm === undefined ? undefined : { id: `slurm-${slurm}`, attempt };
}

/** How often torchrun or Slurm has started this process's job anew. */
export function readAttempt(environment: NodeJS.ProcessEnv = process.env): number {
  const { TORCHELASTIC_RESTART_COUNT: elastic, SLURM_RESTART_COUNT: slurm } = environment;
  return Number(elastic ?? slurm ?? 0);
}
