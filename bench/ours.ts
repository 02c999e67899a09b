import { text } from 'node:stream/consumers';
import { setThreads, tuneProcess } from 'ncfm';
import { deviceMemory, physicalCores, residentMemory } from 'ncfm/tensor';
import { measureDataReading } from './data-reading.js';
import { timeIterations } from './iterations.js';
import type { Job } from './jobs.js';
import { timeKernels } from './kernels.js';
import { additionOverhead, measureMachine } from './machine.js';
import { playMethod } from './methods/play.js';
import { timePhases } from './phases.js';
import { lossOf, writeLossInput } from './same-loss.js';
import { timeTraining } from './training.js';
import { prepare } from './workload.js';

/** Does one job for the benchmark; see `runOurs`. */
async function perform(job: Job): Promise<object> {
  switch (job.kind) {
    case 'threads':
      return { threads: physicalCores() };
    case 'machine':
      return measureMachine();
    case 'prepare':
      return prepare(job.problem, job.folder);
    case 'iterations': {
      const seconds = timeIterations(job);
      const device = deviceMemory(job.device ?? 'cpu');
      return { seconds, ...(device && { peakDeviceBytes: device.mostUsed }) };
    }
    case 'loss-input':
      writeLossInput(job);
      return {};
    case 'loss':
      return lossOf(job);
    case 'train':
      return { seconds: await timeTraining(job) };
    case 'overhead':
      return { nanoseconds: additionOverhead(job) };
    case 'kernels':
      return { kernels: timeKernels(job) };
    case 'phases':
      return { phases: timePhases(job) };
    case 'data':
      return measureDataReading(job);
    case 'method':
      return await playMethod(job);
  }
}

const job = JSON.parse(await text(process.stdin)) as Job;
tuneProcess();
setThreads(job.threads);
const result = await perform(job);
process.stdout.write(JSON.stringify({ peakBytes: residentMemory().peak, ...result }));
