import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { MethodComparison, MethodFigures } from '../../pipeline/index.js';
import { readEvents } from '../../run/index.js';
import { runCommandLine } from '../command-line.js';
import { ncfm } from '../testing/capture.js';
import { folders } from '../testing/folders.js';

/** Methods that choose take a single iteration, so none is asked for. */
const anyLength = (flags: readonly string[]): readonly string[] =>
  flags.toSpliced(flags.indexOf('distill.iterations=2') - 1, 2);

const two = ['--methods', 'dm,ncfm', '--set', 'evaluate.seeds=2'];

function compared(
  stdout: string,
): Omit<MethodComparison, 'rows'> & { readonly rows: readonly MethodFigures[] } {
  return JSON.parse(stdout);
}

function setOf(runs: string, method: string): Buffer {
  return readFileSync(join(runs, 'digits-compare', method, 'distilled', 'images.safetensors'));
}

describe('ncfm compare', () => {
  it('runs methods under one evaluation, each as a run like any other', async () => {
    const { runs, flags } = folders();
    const folder = join(runs, 'digits-compare');
    const { exitCode, stdout } = await ncfm('compare', 'digits', ...flags, ...two, '--json');
    expect(exitCode).toBe(0);
    const { rows, random, protocol, ...result } = compared(stdout);
    expect(result).toMatchObject({ dataset: 'digits', imagesPerClass: 5, methods: ['dm', 'ncfm'] });
    expect(rows.map(({ accuracy, iterations }) => [accuracy.n, iterations])).toEqual([
      [2, 2],
      [2, 2],
    ]);
    const [dm, own] = rows;
    expect(dm).toMatchObject({ pool: null, seconds: { pretrain: 0 } });
    expect(own).toMatchObject({ pool: { networks: 1, reused: 0 } });
    expect(own!.seconds.pretrain).toBeGreaterThan(0);
    for (const { seconds, peakMemory, productBytes } of rows) {
      expect(seconds.distill).toBeGreaterThan(2 * seconds.perIteration!);
      expect(seconds.evaluate).toBeGreaterThan(0);
      expect(peakMemory.distill).toBeGreaterThan(5e7);
      expect(productBytes).toBeGreaterThan(4 * 50 * 64);
    }
    const stored = readFileSync(join(folder, 'comparison.json'), 'utf8');
    expect(JSON.parse(stored)).toEqual(compared(stdout));
    expect(readFileSync(join(folder, 'comparison.md'), 'utf8')).toContain(protocol.hash);
    expect(readFileSync(join(folder, 'compare.svg'), 'utf8')).toContain('>NCFM<');

    const cache = flags.slice(2, 4);
    const evaluated = await ncfm('evaluate', join(folder, 'ncfm'), ...cache, '--json');
    const { accuracy } = JSON.parse(evaluated.stdout);
    expect(accuracy.random).toEqual(random);
    expect((await ncfm('export', join(folder, 'dm'), '--format', 'npz')).exitCode).toBe(0);
  });

  it('evaluates random real images once, for as many steps as the largest decoded set', async () => {
    const { runs, flags } = folders();
    const epochs = ['--set', 'evaluate.length={ epochs: 2 }'];
    const factors = ['--set', 'methods.ncfm.distill.formation.factor=2'];
    const { stdout } = await ncfm(
      'compare',
      'digits',
      ...flags,
      ...two,
      ...epochs,
      ...factors,
      '--json',
    );
    // 200 images after decoding by factor 2, in batches of 64.
    expect(compared(stdout).protocol.length).toEqual({ steps: 6 });
    const trained = ['dm', 'ncfm'].map((method) =>
      readEvents(join(runs, 'digits-compare', method, 'events.jsonl')).flatMap((event) =>
        event.type === 'evaluate-seed-end' && !event.reused ? [event.set] : [],
      ),
    );
    expect(trained).toEqual([
      ['random', 'random', 'start', 'start', 'distilled', 'distilled'],
      ['start', 'start', 'distilled', 'distilled'],
    ]);
  });

  it('prints a table, the most accurate first, and the controls below', async () => {
    const { flags } = folders();
    const { stdout } = await ncfm('compare', 'digits', ...flags, ...two);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^method +accuracy \(%\) +95 % interval +pretrain +distil +s\/iteration +memory +size$/,
    );
    const accuracies = lines.slice(1, 3).map((line) => Number(/ (\d+\.\d+) /.exec(line)![1]));
    expect(accuracies[0]).toBeGreaterThanOrEqual(accuracies[1]!);
    expect(lines[3]).toMatch(
      /^random real images +\d+\.\d\d ± +\d+\.\d\d +-?\d+\.\d\d to \d+\.\d\d$/,
    );
    expect(lines).toHaveLength(4);
  });

  it('goes on where it was stopped, to the same images, and repeats no method that is done', async () => {
    const long = ['--set', 'distill.iterations=20', '--set', 'snapshotEvery=5'];
    const whole = folders();
    const args = ['compare', 'digits', ...whole.flags, ...two, ...long, '--json'];
    const undisturbed = compared((await ncfm(...args)).stdout);

    const { runs, flags } = folders();
    const stopped = ['compare', 'digits', ...flags, ...two, ...long];
    const { exitCode, stderr } = await stoppedAt('ncfm/snapshots/000010.png', ...stopped);
    const folder = join(runs, 'digits-compare');
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/To go on: ncfm compare .*digits-compare\n$/);
    const log = join(folder, 'dm', 'events.jsonl');
    const { size } = statSync(log);
    const resumed = await ncfm('compare', folder, ...flags.slice(2, 4), '--json');
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stderr).toContain('goes on after 10 iterations');
    for (const method of ['dm', 'ncfm']) {
      expect(setOf(runs, method).equals(setOf(whole.runs, method))).toBe(true);
    }
    const accuracies = ({ rows }: ReturnType<typeof compared>) =>
      rows.map(({ accuracy }) => accuracy);
    expect(accuracies(compared(resumed.stdout))).toEqual(accuracies(undisturbed));
    expect(statSync(log).size).toBe(size);

    const again = await ncfm(...stopped, '--resume', '--json');
    expect(compared(again.stdout)).toEqual(compared(resumed.stdout));
    const refused = await ncfm(...stopped);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toMatch(/the comparison .* exists already; go on with it \(--resume\)/);
  });

  it('gives every method the iterations that fit into the same seconds, and goes on with these', async () => {
    const { runs, flags } = folders();
    const folder = join(runs, 'digits-compare');
    const methods = ['--methods', 'random,dm,ncfm', '--seconds', '5'];
    const args = ['compare', 'digits', ...anyLength(flags), ...methods];
    const { exitCode, stdout } = await ncfm(...args, '--json');
    expect(exitCode).toBe(0);
    const { rows, secondsEach } = compared(stdout);
    expect(secondsEach).toBe(5);
    const [random, dm, own] = rows;
    expect(random!.iterations).toBe(1);
    expect(dm!.iterations).toBeGreaterThan(2);
    // Trained before its iterations were chosen, as part of its run.
    expect(own!.pool).toMatchObject({ networks: expect.any(Number), reused: 0 });
    expect(readFileSync(join(folder, 'comparison.md'), 'utf8')).toContain('5.0 s of pretraining');

    const again = compared((await ncfm(...args, '--resume', '--json')).stdout);
    expect(again.rows.map(({ iterations }) => iterations)).toEqual(
      rows.map(({ iterations }) => iterations),
    );
    const goneOn = compared((await ncfm('compare', folder, ...flags.slice(2, 4), '--json')).stdout);
    expect(goneOn.secondsEach).toBe(5);
    for (const wrong of [
      ['digits', ...anyLength(flags), '--seconds', '9', '--resume'],
      [folder, '--seconds', '5'],
    ]) {
      const { exitCode, stderr } = await ncfm('compare', ...wrong);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--seconds')]);
    }
  });

  it('tells of the methods for which the seconds are too few, also when it goes on', async () => {
    const { flags } = folders();
    const methods = ['--methods', 'random,ncfm', '--seconds', '1'];
    const args = ['compare', 'digits', ...anyLength(flags), ...methods];
    const long = ['--set', 'pretrain.length={ epochs: 1000 }', '--json'];
    for (const more of [[], ['--resume']]) {
      const { exitCode, stdout } = await ncfm(...args, ...long, ...more);
      expect(exitCode).toBe(1);
      expect(compared(stdout).rows[1]).toMatchObject({
        error: expect.stringMatching(
          /^1\.0 s are too few for one iteration: its networks take about/,
        ),
      });
    }
  });

  it('goes on to the other methods when one fails, and says why', async () => {
    const { runs, flags } = folders();
    const tooMany = [
      '--set',
      'methods.ncfm.distill={ formation: { factor: 2 }, matching: { strategy: stratified, realPerCluster: 1 } }',
      ...['--ipc', '40', '--methods', 'ncfm,dm'],
    ];
    const failed = await ncfm('compare', 'digits', ...flags, ...tooMany, '--json');
    expect(failed.exitCode).toBe(1);
    const [own, dm] = compared(failed.stdout).rows;
    expect(own).toMatchObject({ method: 'ncfm', error: expect.stringMatching(/160 are needed/) });
    expect(dm).toMatchObject({ method: 'dm', accuracy: { n: 1 } });
    expect(existsSync(join(runs, 'digits-compare', 'dm', 'results.json'))).toBe(true);
    const table = await ncfm('compare', 'digits', ...flags, ...tooMany, '--resume');
    expect(table.stdout).toMatch(/^dm .*\n.*\nncfm failed: .*160 are needed/m);
  });

  it('tells everything that is wrong with any method before it begins', async () => {
    const { folder, runs, flags } = folders();
    const of = async (...args: readonly string[]) => {
      const { exitCode, stderr } = await ncfm('compare', ...args);
      expect(exitCode).toBe(2);
      return stderr;
    };
    const digits = ['digits', ...flags, '--methods'];
    expect(await of(...digits, 'dm,nfcm')).toContain('there is no method nfcm; did you mean ncfm?');
    expect(await of(...digits, 'dm,,ncfm')).toContain('names of methods, separated by commas');
    const wrong = await of(...digits, 'dm,ncfm', '--set', 'distill.alpha=2');
    expect(wrong).toMatch(/^dm: --set distill\.alpha=2: distill\.alpha: unknown key/m);
    expect(wrong).toMatch(/^ncfm: --set distill\.alpha=2: distill\.alpha: expected a number/m);
    const ofSome = await of(...digits, 'random,ncfm');
    expect(ofSome).toMatch(/^random: .*distill\.iterations: expected 1, found 2/m);
    expect(ofSome).toContain('--set methods.<name>.distill.<key>=<value>');
    expect(wrong).not.toContain('Of one method');
    const soft = join(folder, 'soft.yaml');
    writeFileSync(
      soft,
      'extends: digits\nevaluate: { labels: { mode: static, teacher: { kind: pool } } }\n' +
        'methods: { dm: { pretrain: { batchSize: 32 } } }\n',
    );
    expect(await of(soft, ...flags, '--methods', 'ncfm,dm')).toMatch(
      /evaluate\.labels\.teacher: expected the same for every method.*which dm has of its own/,
    );
    expect(existsSync(runs)).toBe(false);
  });
});

/** Runs a command line that is stopped as by Ctrl-C when it tells of `text`. */
async function stoppedAt(text: string, ...args: readonly string[]) {
  let stderr = '';
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
  const told = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      const before = stderr.includes(text);
      stderr += String(chunk);
      if (!before && stderr.includes(text)) process.emit('SIGINT', 'SIGINT');
      done();
    },
  });
  const exitCode = await runCommandLine(args, { stdout, stderr: told });
  return { exitCode, stderr };
}
