import { expect, it } from 'vitest';
import { settingsThatDiffer } from './settings-that-differ.js';

it('finds the settings that configurations do not agree on, or that some of them lack', () => {
  const facts = (settings: Record<string, string>) =>
    Object.entries(settings).map(([key, value]) => ({ key, value }));
  const found = settingsThatDiffer([
    facts({ seed: '1', method: 'ncfm', alpha: '0.5' }),
    facts({ seed: '1', method: 'dm' }),
  ]);
  expect(found).toEqual([
    { key: 'method', values: ['ncfm', 'dm'] },
    { key: 'alpha', values: ['0.5', undefined] },
  ]);
});
