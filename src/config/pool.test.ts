import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadPlan } from './index.js';
import { file, problems } from './testing/configurations.js';

describe('pretrain', () => {
  it('takes the folder of a pool from the file that says it', () => {
    const folder = temporaryFolder();
    const source = file('extends: digits\npretrain: { pool: networks }', 'own.yaml', folder);
    expect(loadPlan({ source }).plan.pretrain.pool).toBe(join(folder, 'networks'));
    expect(loadPlan({ source: 'digits' }).plan.pretrain).not.toHaveProperty('pool');
    expect(problems('extends: digits\npretrain: { pool: 3 }')).toEqual([
      expect.stringMatching(/^my\.yaml:2:\d+: pretrain\.pool: .*the path of a folder of networks/),
    ]);
  });
});
