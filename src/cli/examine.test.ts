import { describe, expect, it } from 'vitest';
import { nodeFinding } from './examine.js';

describe('the Node version', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '100.1.0'])('%s is new enough', (version) => {
    expect(nodeFinding(version)).toEqual({ name: 'Node', state: 'ok', detail: version });
  });

  it.each(['18.20.4', '20.18.9'])('%s is too old, and the remedy names the oldest', (version) => {
    expect(nodeFinding(version)).toMatchObject({
      state: 'broken',
      remedy: expect.stringContaining('Node 20.19'),
    });
  });
});
