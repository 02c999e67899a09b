import { readFileSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { officialTraining } from '../augment/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadDigits } from '../data/readers/digits.js';
import { flatten } from '../nn/index.js';
import type { RunEvent } from '../run/index.js';
import { liveTensors, loadSafetensors, scope } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import type { ExtractorPool } from './extractors.js';
import { storedPool } from './pool-cache.js';
import { pretrain } from './pretrain.js';
import type { PretrainOptions, PretrainRequest } from './pretrain-request.js';
import { epochEnds, trajectoryPath } from './trajectories.js';

const { train } = await loadDigits();

const options: PretrainOptions = {
  networks: 2,
  length: { epochs: 3 },
  batchSize: 300,
  optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.5 },
  schedule: { kind: 'constant' },
  augmentation: officialTraining,
};

function request(changed: Partial<PretrainRequest> = {}): PretrainRequest {
  return {
    train,
    model: { name: 'convnet', depth: 2, width: 4 },
    options,
    trajectories: { kind: 'epochs' },
    cache: temporaryFolder(),
    random: new RandomGenerator(3),
    onEvent: () => {},
    ...changed,
  };
}

const fileOf = (made: PretrainRequest, network: number) =>
  trajectoryPath(storedPool(made).networks[network]!.path);

/** Pretrains, or is stopped after some epochs of a network. */
async function pretrained(made: PretrainRequest, network = 0, epochs = 0): Promise<RunEvent[]> {
  const stop = new AbortController();
  const events: RunEvent[] = [];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    if (event.type !== 'pretrain-epoch') return;
    if (event.network === network && event.epoch === epochs) stop.abort(new Error('stopped here'));
  };
  const pool = pretrain({ ...made, onEvent, signal: stop.signal });
  await pool.then(
    (done) => done.dispose(),
    ({ message }: Error) => expect(message).toBe('stopped here'),
  );
  return events;
}

function lastRow({ trajectories }: ExtractorPool, network: number): number[] {
  using row = trajectories!.row(network, trajectories!.parts);
  return numbers(row);
}

describe('the trajectories of a pool', () => {
  it('are what networks are after a training of so many epochs', async () => {
    const before = liveTensors();
    const made = request();
    using pool = await pretrain(made);
    const trajectories = pool.trajectories!;
    expect([trajectories.experts, trajectories.parts]).toEqual([2, 3]);
    const seen = new Set<string>();
    for (const network of [0, 1]) {
      for (const epochs of [1, 2, 3]) {
        const shorter = { ...options, length: { epochs } };
        const plain = request({ options: shorter, trajectories: undefined });
        (await pretrain(plain)).dispose();
        const { tensors } = loadSafetensors(storedPool(plain).networks[network]!.path);
        const end = (stage: string) =>
          scope(() => {
            const own = [...tensors].filter(([name]) => name.startsWith(stage));
            return numbers(flatten(own.map(([, value]) => value)));
          });
        using first = trajectories.row(network, 0);
        using row = trajectories.row(network, epochs);
        expect(numbers(first)).toEqual(end('initial.'));
        expect(numbers(row)).toEqual(end('trained.'));
        seen.add(numbers(row).join()).add(numbers(first).join());
        for (const value of tensors.values()) value.dispose();
      }
    }
    expect(seen.size).toBe(8);
    expect(() => trajectories.row(2, 0)).toThrow('there is no expert 2');
    expect(() => trajectories.row(0, 4)).toThrow('there is no row 4');
    pool.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('end alike, bit for bit, in a training that goes on', async () => {
    const [whole, stopped] = [request(), request()];
    await pretrained(whole);
    await pretrained(stopped, 1, 2);
    await pretrained(stopped, 2, 1);
    const events = await pretrained(stopped);
    expect(events).toContainEqual(expect.objectContaining({ type: 'pretrain-resume', network: 2 }));
    for (const network of [0, 1]) {
      expect(readFileSync(fileOf(stopped, network))).toEqual(readFileSync(fileOf(whole, network)));
    }
  });

  it('begin anew where the epochs that a training has passed are gone', async () => {
    const [whole, stopped] = [request(), request()];
    await pretrained(whole);
    await pretrained(stopped, 1, 2);
    rmSync(fileOf(stopped, 0));
    const events = await pretrained(stopped);
    expect(events.map(({ type }) => type)).not.toContain('pretrain-resume');
    expect(readFileSync(fileOf(stopped, 0))).toEqual(readFileSync(fileOf(whole, 0)));
  });

  it('count in the hash of a pool, which keeps its networks', async () => {
    const cache = temporaryFolder();
    using pool = await pretrain(request({ cache }));
    using again = await pretrain(request({ cache }));
    using plain = await pretrain(request({ cache, trajectories: undefined }));
    expect(again.hash).toBe(pool.hash);
    expect(plain.hash).not.toBe(pool.hash);
    expect(plain.trajectories).toBeUndefined();
    expect(lastRow(pool, 1)).toEqual(lastRow(again, 1));
  });

  it('are refused for less than an epoch', async () => {
    const short = request({ options: { ...options, length: { steps: 3 } } });
    await expect(pretrain(short)).rejects.toThrow(/trained for 3 steps of 300 .*pretrain\.length/);
    const large = request({ options: { ...options, batchSize: 2000 } });
    await expect(pretrain(large)).rejects.toThrow(/less than one epoch/);
  });

  it.each([
    [{ epochs: 2 }, [0, 5, 10]],
    [{ epochs: 2.5 }, [0, 5, 10]],
    [{ steps: 14 }, [0, 5, 10, 14]],
  ])('have a row where an epoch ends: %o', (length, ends) => {
    expect(epochEnds({ ...options, length }, 1437)).toEqual(ends);
  });
});
