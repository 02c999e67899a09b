import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { DistillCheckpoints } from './distill-checkpoints.js';
import { distillerOf } from './ncfm/method.js';
import { condenser, plain } from './ncfm/testing/condenser.js';

describe('the checkpoints of a distillation', () => {
  it('hold the loss curve of a run of any length', () => {
    const options = {
      folder: join(temporaryFolder(), 'checkpoints'),
      identity: {},
      chunks: { real: 1, synthetic: 1, test: 1 },
      interval: { seconds: null, iterations: null },
      onEvent: () => {},
    };
    const iterations = 300_000;
    using game = distillerOf(condenser(plain));
    const report = game.step();
    using kept = new DistillCheckpoints(options);
    for (let iteration = 0; iteration < iterations; iteration++) {
      kept.note({ ...report, loss: iteration / 7 });
    }
    kept.save(game);
    using again = new DistillCheckpoints(options);
    using other = distillerOf(condenser(plain));
    again.restore(other);
    expect(again.losses).toHaveLength(iterations);
    expect(again.losses.at(-1)).toBe((iterations - 1) / 7);
  });
});
