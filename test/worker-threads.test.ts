import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const library = new URL('../dist/index.js', import.meta.url);
const compute = new URL('worker-threads/compute.mjs', import.meta.url);

/** Runs a program that may start threads which compute, in a process of its own; what it prints, as JSON. */
function run(program: string, tuned: boolean) {
  const text = `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const { tuneProcess } = await import('${library}');
    if (${tuned}) tuneProcess();
    const start = (rounds) => {
      const thread = new Worker(new URL('${compute}'), { workerData: rounds, execArgv: [] });
      return Promise.all([once(thread, 'message'), once(thread, 'exit')]).then(([[found]]) => found);
    };
    const main = async () => (await import('${compute}')).gradient(3);
    ${program}
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    encoding: 'utf8',
  });
  expect(child).toMatchObject({ status: 0, signal: null, stderr: '' });
  return JSON.parse(child.stdout);
}

describe.each([
  ['as it is', false],
  ['after tuneProcess', true],
])('worker threads of a process %s', (_, tuned) => {
  it('may compute at the same time as the main thread, and find what it finds', () => {
    const found = run(
      `const threads = [start(20), start(20), start(20)];
      console.log(JSON.stringify([await main(), ...(await Promise.all(threads))]));`,
      tuned,
    );
    expect(found[0]).toHaveLength(5);
    expect(found).toEqual(Array(4).fill(found[0]));
  });

  it('may be ended while they compute', () => {
    const found = run(
      `const thread = new Worker(new URL('${compute}'), { workerData: 1e9, execArgv: [] });
      await once(thread, 'message');
      await thread.terminate();
      console.log(JSON.stringify(await main()));`,
      tuned,
    );
    expect(found).toHaveLength(5);
  });

  it('may come and go before the main thread has computed anything', () => {
    const found = run(
      `const all = [];
      for (let time = 0; time < 3; time++) all.push(await start(2));
      console.log(JSON.stringify([...all, await main()]));`,
      tuned,
    );
    expect(found[3]).toHaveLength(5);
    expect(found).toEqual(Array(4).fill(found[3]));
  });
});
