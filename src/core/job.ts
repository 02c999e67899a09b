/** A launcher's job that this process belongs to. */
export interface Job {
  readonly id: string;
  /** How often the launcher has started it anew. */
  readonly attempt: number;
}

/** The job whose processes torchrun or Slurm starts anew after a failure; undefined where no such is told. */
export function readJob(environment: NodeJS.ProcessEnv = process.env): Job | undefined {
  const { TORCHELASTIC_RUN_ID: run, SLURM_JOB_ID: slurm } = environment;
  if (run !== undefined) {
    return {
      id: `torchelastic-${run}`,
      attempt: Number(environment.TORCHELASTIC_RESTART_COUNT ?? 0),
    };
  }
  if (slurm !== undefined) {
    return { id: `slurm-${slurm}`, attempt: Number(environment.SLURM_RESTART_COUNT ?? 0) };
  }
  return undefined;
}
