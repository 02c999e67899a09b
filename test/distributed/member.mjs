// One process of a group: joins it in the folder that it is given, does what the scenario says, and prints what came out.
import { setTimeout } from 'node:timers/promises';
import { broadcastState, joinGroup } from '../../dist/distributed/index.js';
import { scope, tensor } from '../../dist/tensor/index.js';
import { tuneProcess } from '../../dist/tensor/tune.js';

tuneProcess();
const [folder = '', scenario = ''] = process.argv.slice(2);
/** @type {Record<string, (group: import('../../dist/distributed/index.js').ProcessGroup) => unknown>} */
const scenarios = {
  /** What each call gives. */
  calls: (group) =>
    scope(() => {
      const { rank, size } = group;
      const rows = tensor(new Array((rank + 1) * 2).fill(rank), [rank + 1, 2]);
      const spans = Array.from({ length: size }, (_, of) => ({ start: 0, length: of + 1 }));
      const state = broadcastState(
        group,
        rank === 0
          ? {
              tensors: new Map([
                ['a', tensor([1, 2.5])],
                ['b', tensor([7], [1], 'int64')],
              ]),
              step: 3,
            }
          : undefined,
      );
      return {
        rows: [...group.gatherRows(rows, spans).toArray()],
        sum: group.sumNumbers([rank, 0.5]),
        nothing: group.exchange(rank === 0 ? undefined : 'x'.repeat(rank * 3)),
        notANumber: group.sumNumbers([rank === 1 ? Number.NaN : 1]).map(String),
        state: state && [
          state.step,
          ...(state.tensors.get('a')?.toArray() ?? []),
          state.tensors.get('b')?.item(),
        ],
        none: broadcastState(group, undefined) === undefined,
      };
    }),
  /** Values of any length, from processes that come at different times. */
  later: async (group) => {
    await setTimeout(group.rank * 200);
    const values = await group.exchangeLater({ rank: group.rank });
    const first = await group.first(() => (group.isFirst ? 'the first' : 'another'));
    return { ranks: values.map(({ rank }) => rank), first };
  },
  /** One fails by itself. */
  fails: (group) =>
    group.together(() => {
      if (group.rank === 1) throw new Error('no space left');
    }),
  /** All fail in the same way. */
  same: (group) =>
    group.together(() => {
      throw new Error('no such file');
    }),
  /** Collectives without end. */
  iterates: async (group) => {
    process.stdout.write('going\n');
    for (;;) {
      group.sumNumbers([1]);
      await setTimeout(1);
    }
  },
  /** Waits for one that never comes. */
  waits: async (group) => {
    process.stdout.write('going\n');
    if (group.rank === 1) await setTimeout(600_000);
    await group.exchangeLater(1);
  },
};

const group = await joinGroup(folder);
if (group === undefined) throw new Error('this process is alone');
try {
  const result = await scenarios[scenario]?.(group);
  process.stdout.write(`${JSON.stringify(result ?? null)}\n`);
} catch (error) {
  group.fail(error);
  const { message, isTold } = /** @type {Error & { isTold?: boolean }} */ (error);
  process.stdout.write(`${JSON.stringify({ error: message, isTold })}\n`);
  process.exitCode = 1;
} finally {
  await group.leave();
}
