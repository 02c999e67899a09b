import { fuzz } from './fuzz.js';
import { readers } from './readers.js';
import type { Report, Task } from './supervise.js';

/** Often enough that silence means a hang. */
const REPORT_EVERY_MS = 200;

/** The process that a reader is tried in; see `supervise`. */
const task = JSON.parse(process.argv[2]!) as Task;
const reader = readers.find(({ name }) => name === task.reader)!;
const counts = { tried: 0, read: 0, rejected: 0, covered: 0 };

/** Waits until it is sent: the process may not live to send it later. */
const send = (report: Report) =>
  new Promise<void>((resolve) => {
    process.send!(report, () => resolve());
  });

let reported = performance.now();
for await (const { input, verdict, covered } of fuzz(reader, task)) {
  counts.tried += 1;
  counts.covered = covered;
  if (verdict.kind !== 'finding') counts[verdict.kind] += 1;
  else {
    const { problem } = verdict;
    await send({ ...counts, finding: { problem, input: input.toString('base64') } });
  }
  if (performance.now() - reported < REPORT_EVERY_MS) continue;
  await send(counts);
  reported = performance.now();
}
await send({ ...counts, done: true });
process.disconnect();
