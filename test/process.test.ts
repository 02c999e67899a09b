import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const library = join(root, 'dist/index.js');
/** `ncfm/tensor`. */
const engine = join(root, 'dist/entries/tensor.js');
const tensors = join(root, 'dist/tensor/index.js');

/** Settings of the libraries below, which this process has made for itself. */
const settings = /^(OPENBLAS|OMP|GOMP|KMP)_/;
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !settings.test(name)),
);

/** Runs a program in a process of its own; what it prints, as JSON. */
function run(program: string, env: NodeJS.ProcessEnv = {}) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program],
    { encoding: 'utf8', env: { ...environment, ...env } },
  );
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

/** Changes of the environment, and whether malloc gives a large block back to the system when it is freed. */
const observe = `
  import { readFileSync } from 'node:fs';
  const before = { ...process.env };
  const changes = () => Object.keys(process.env)
    // libvips, which decodes pictures, says where it is.
    .filter((name) => process.env[name] !== before[name] && name !== 'VIPSHOME').sort();
  const mapped = (name) => readFileSync('/proc/self/maps', 'utf8').includes(name);
  const resident = () => process.memoryUsage.rss();
`;

/** Memory that is left with the process when a tensor of 64 MiB is gone, in MiB. */
const leftover = `
  const empty = resident();
  ncfm.ops.zeros([2 ** 24]).dispose();
  const left = (resident() - empty) / 2 ** 20;
`;

describe('importing the library', () => {
  it('changes neither the environment nor memory, and loads no engine', () => {
    const found = run(`${observe}
      const ncfm = { ...await import(${JSON.stringify(library)}), ...await import(${JSON.stringify(engine)}) };
      const loaded = mapped('libtorch');
      ncfm.ops.ones([2]).dispose();
      ${leftover}
      const { keepsFreedMemory } = ncfm.engine();
      console.log(JSON.stringify({ changes: changes(), loaded, keepsFreedMemory, left }));
    `);
    expect(found).toMatchObject({ changes: [], loaded: false, keepsFreedMemory: false });
    expect(found.left).toBeLessThan(16);
  });

  it('has no count of the memory of tensors, and says so', () => {
    const found = run(`
      const { tensorMemory, residentMemory, ones } = await import(${JSON.stringify(tensors)});
      ones([2]);
      let message = '';
      try { tensorMemory(); } catch (error) { message = error.name + ': ' + error.message; }
      console.log(JSON.stringify({ message, resident: residentMemory().current > 0 }));
    `);
    expect(found).toEqual({
      message:
        'FailureError: the memory of tensors is counted from tuneProcess() on: call it before the first tensor is made; residentMemory() has that of the process',
      resident: true,
    });
  });
});

describe('tuneProcess', () => {
  it('sets kernels and waiting, and has the process keep freed memory', () => {
    const found = run(`${observe}
      const ncfm = { ...await import(${JSON.stringify(library)}), ...await import(${JSON.stringify(engine)}) };
      ncfm.tuneProcess();
      const loaded = mapped('libtorch');
      ncfm.ops.ones([2]).dispose();
      ${leftover}
      ncfm.tuneProcess();
      const { keepsFreedMemory } = ncfm.engine();
      const { tensorMemory } = await import(${JSON.stringify(tensors)});
      const { mostUsed } = tensorMemory();
      console.log(JSON.stringify({ changes: changes(), loaded, keepsFreedMemory, left, mostUsed }));
    `);
    expect(found.changes).toEqual(
      expect.arrayContaining(['GOMP_SPINCOUNT', 'OPENBLAS_THREAD_TIMEOUT']),
    );
    expect(found).toMatchObject({ loaded: false, keepsFreedMemory: true, mostUsed: 2 ** 26 });
    expect(found.left).toBeGreaterThan(48);
  });

  it('is refused once the engine is loaded, and in a worker thread', () => {
    const found = run(`
      import { Worker } from 'node:worker_threads';
      import { once } from 'node:events';
      const inThread = new Worker(
        \`import(${JSON.stringify(library)}).then(({ tuneProcess }) => tuneProcess())\`, { eval: true });
      const [{ message: thread }] = await once(inThread, 'error');
      const ncfm = { ...await import(${JSON.stringify(library)}), ...await import(${JSON.stringify(engine)}) };
      ncfm.ops.ones([2]);
      let late = '';
      try { ncfm.tuneProcess(); } catch (error) { late = error.message; }
      console.log(JSON.stringify({ thread, late }));
    `);
    expect(found.thread).toMatch(/call it on its main thread/);
    expect(found.late).toMatch(/comes too late: LibTorch is loaded/);
  });
});

describe('the number of threads', () => {
  it.runIf(process.platform === 'linux' && availableParallelism() > 1).each([1, 2])(
    'is that of matrix products too, whose library has threads of its own: %i',
    (count) => {
      const found = run(`
        import { readdirSync, readFileSync } from 'node:fs';
        const { setThreads, RandomGenerator } = await import(${JSON.stringify(library)});
        setThreads(${count});
        const matrix = new RandomGenerator(1).normal([1500, 1500]);
        for (let time = 0; time < 20; time++) matrix.matmul(matrix).dispose();
        const ticks = readdirSync('/proc/self/task').map((task) => {
          const fields = readFileSync('/proc/self/task/' + task + '/stat', 'utf8').split(') ')[1].split(' ');
          return Number(fields[11]);
        });
        const most = Math.max(...ticks);
        console.log(JSON.stringify({ most, busy: ticks.filter((each) => each > most / 3).length }));
      `);
      // Hundredths of a second.
      expect(found.most).toBeGreaterThan(10);
      expect(found.busy).toBe(count);
    },
  );
});

describe('the command line', () => {
  it('tunes its process, and leaves what the user chose', () => {
    const doctor = (env: NodeJS.ProcessEnv) =>
      run(
        `${observe}
        process.argv = [process.execPath, 'ncfm', 'doctor', '--json'];
        const { write } = process.stdout;
        let text = '';
        process.stdout.write = (part) => { text += part; return true; };
        await import(${JSON.stringify(join(root, 'dist/cli/main.js'))});
        process.stdout.write = write;
        process.exitCode = 0;
        const finding = JSON.parse(text).findings.find(({ name }) => name === 'freed memory');
        const { GOMP_SPINCOUNT } = process.env;
        console.log(JSON.stringify({ changes: changes(), finding, GOMP_SPINCOUNT }));
      `,
        env,
      );
    const found = doctor({});
    expect(found.changes).toEqual(
      expect.arrayContaining(['GOMP_SPINCOUNT', 'OPENBLAS_THREAD_TIMEOUT']),
    );
    expect(found.finding).toMatchObject({ state: 'ok', detail: 'stays with the process' });
    const chosen = {
      GOMP_SPINCOUNT: '7',
      OPENBLAS_THREAD_TIMEOUT: '20',
      OPENBLAS_CORETYPE: 'Haswell',
    };
    expect(doctor(chosen)).toMatchObject({ changes: [], GOMP_SPINCOUNT: '7' });
  });
});

describe('NCFM_INSTRUCTION_SET', () => {
  const used = `
    const { engine } = await import(${JSON.stringify(engine)});
    let told;
    try { told = engine(); } catch ({ name, message }) { told = { name, message }; }
    console.log(JSON.stringify(told));
  `;

  it('chooses the kernels, of which the best are used without it', () => {
    const { instructionSet, instructionSets } = run(used, { NCFM_INSTRUCTION_SET: undefined });
    expect(instructionSet).toBe(instructionSets[0]);
    expect(run(used, { NCFM_INSTRUCTION_SET: 'baseline' }).instructionSet).toBe('baseline');
  });

  it('is refused where this processor lacks them, with those that it has', () => {
    expect(run(used, { NCFM_INSTRUCTION_SET: 'sse9' })).toEqual({
      name: 'UsageError',
      message: expect.stringMatching(/^NCFM_INSTRUCTION_SET=sse9: expected one of .*baseline/),
    });
  });
});
