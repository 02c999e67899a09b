/** What an iteration takes in one process, and what processes exchange in it. */
export interface Task {
  readonly classes: number;
  /** Of a class's part of an iteration, in one process. */
  readonly secondsPerClass: number;
  /** Of what every process does by itself: draws, the sampling network. */
  readonly secondsAlone: number;
  /** Bytes that are added up over the processes: the gradient of the frequencies; 0 without a sampling network. */
  readonly summedBytes: number;
}

export interface Network {
  readonly name: string;
  readonly bytesPerSecond: number;
  /** Of one message between two processes. */
  readonly latency: number;
}

/** Of an iteration: σ and the discrepancies are gathered; the finiteness and the wish to stop or to keep are added up. */
const gathers = 2;
const smallSums = 2;

/**
 * Seconds of an iteration by so many processes. The largest share of the classes counts; collectives go around a ring, a
 * gather in n − 1 messages, a sum in 2 (n − 1), so that each process sends 2 (n − 1) / n times what is summed.
 */
export function iterationSeconds(task: Task, processes: number, network: Network): number {
  const share = Math.ceil(task.classes / processes);
  const around = processes - 1;
  const sums = smallSums + (task.summedBytes > 0 ? 1 : 0);
  const messages = gathers * around + sums * 2 * around;
  const sent = (2 * around * task.summedBytes) / processes;
  const exchange = messages * network.latency + sent / network.bytesPerSecond;
  return share * task.secondsPerClass + task.secondsAlone + exchange;
}

/** Times as fast as one process. */
export function speedup(task: Task, processes: number, network: Network): number {
  return iterationSeconds(task, 1, network) / iterationSeconds(task, processes, network);
}

export const networks: readonly Network[] = [
  { name: '10 Gbit/s', bytesPerSecond: 1.25e9, latency: 30e-6 },
  { name: 'NVLink', bytesPerSecond: 3e11, latency: 5e-6 },
];
