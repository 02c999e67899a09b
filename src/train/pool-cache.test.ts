import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noAugmentation } from '../augment/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { outputUntil } from '../core/testing/output.js';
import { subset } from '../data/index.js';
import { loadDigits } from '../data/readers/digits.js';
import type { RunEvent } from '../run/index.js';
import { liveTensors, setThreads, threads } from '../tensor/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { networksReady, poolHash } from './pool-cache.js';
import { poolAccuracies, poolSeconds, pretrain } from './pretrain.js';
import type { PretrainRequest } from './pretrain-request.js';

const { train, test } = await loadDigits();

/** Nothing is written where no cache is named. */
function request(changed: Partial<PretrainRequest> = {}): PretrainRequest {
  return {
    train,
    test,
    model: { name: 'convnet', depth: 2, width: 4 },
    options: {
      networks: 2,
      length: { steps: 5 },
      batchSize: 32,
      optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9 },
      schedule: { kind: 'cosine' },
      augmentation: noAugmentation,
    },
    cache: 'no cache',
    random: new RandomGenerator(3),
    onEvent: () => {},
    ...changed,
  };
}

describe('the seconds of a pool', () => {
  it('are those of its training, whoever asks later, and are not known before', async () => {
    const asked = request({ cache: temporaryFolder() });
    expect(poolSeconds(asked)).toBeUndefined();
    const started = performance.now();
    (await pretrain(asked)).dispose();
    const took = (performance.now() - started) / 1000;
    const seconds = poolSeconds(asked)!;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(took);
    (await pretrain(asked)).dispose();
    expect(poolSeconds(asked)).toBe(seconds);
    expect(poolSeconds({ ...asked, options: { ...asked.options, networks: 3 } })).toBeUndefined();
  });
});

describe('the key of a pool', () => {
  const same = request();
  it.each<[string, Partial<PretrainRequest>]>([
    ['the training images', { train: subset(train, Int32Array.of(0, 1, 2), 'three') }],
    ['the normalisation', { train: { ...train, normalization: { mean: [0.4], std: [0.2] } } }],
    ['the architecture', { model: { name: 'convnet', depth: 2, width: 5 } }],
    ['the settings', { options: { ...same.options, batchSize: 16 } }],
    ['the seed', { random: new RandomGenerator(4) }],
  ])('is another with other values of %s', (_, changed) => {
    expect(poolHash(request(changed))).not.toBe(poolHash(same));
  });

  it('is another with another number of threads, and stays with a larger pool', () => {
    const [before, hash] = [threads(), poolHash(same)];
    setThreads(before + 1);
    expect(poolHash(same)).not.toBe(hash);
    setThreads(before);
    expect(poolHash(request({ options: { ...same.options, networks: 3 } }))).toBe(hash);
  });
});

describe('accuracies that are kept with a pool', () => {
  it('belong to the test images that they were measured on', async () => {
    const live = liveTensors();
    const events: RunEvent[] = [];
    const first = request({ cache: temporaryFolder(), onEvent: (event) => events.push(event) });
    (await pretrain(first)).dispose();
    const half = subset(
      test,
      Int32Array.from({ length: 100 }, (_, index) => index),
      'half',
    );
    const other = { ...first, test: half };
    expect(networksReady(other)).toBe(2);
    expect(poolAccuracies(other)).toBeUndefined();

    (await pretrain(other)).dispose();
    expect(events.filter(({ type }) => type === 'pretrain-network-end')).toHaveLength(2);
    expect(poolAccuracies(other)).toHaveLength(2);
    expect(poolAccuracies(other)).not.toEqual(poolAccuracies(first));
    expect(liveTensors()).toBe(live);
  });
});

describe('a network that two want at once', () => {
  it('is trained once', async () => {
    const events: RunEvent[] = [];
    const both = request({ cache: temporaryFolder(), onEvent: (event) => events.push(event) });
    const pools = await Promise.all([pretrain(both), pretrain(both)]);
    expect(pools[0]!.hash).toBe(pools[1]!.hash);
    for (const pool of pools) pool.dispose();
    expect(events.filter(({ type }) => type === 'pretrain-network-start')).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'pretrain-network-end')).toHaveLength(2);
  });

  it('is waited for by a second process, which goes on with it when the first is killed', async () => {
    const cache = temporaryFolder();
    const start = () => {
      const script = fileURLToPath(new URL('testing/pretrain-process.mjs', import.meta.url));
      const child = spawn(process.execPath, [script, cache], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    };
    const first = start();
    await outputUntil(first.stdout, /"pretrain-epoch","network":1,.*\n/);
    await expect.poll(() => existsSync(checkpointIn(cache)), { timeout: 60_000 }).toBe(true);
    const second = start();
    const waiting = await outputUntil(second.stdout, /\n/);
    expect(JSON.parse(waiting).message).toMatch(
      `network 1 of the pool is being trained by process ${first.pid} `,
    );
    first.kill('SIGKILL');
    const told = await outputUntil(second.stdout, /"pretrain-resume","network":1,.*\n/);
    expect(told).toContain('"pretrain-network-start"');
  });
});

function checkpointIn(cache: string): string {
  const pools = join(cache, 'extractors');
  const [pool] = readdirSync(pools);
  const folder = join(pools, pool!, 'network-000.safetensors.training');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return join(folder, files.find((name) => name.startsWith('checkpoint-')) ?? 'none');
}
