import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('the documents', () => {
  it('show the defaults as they are', () => {
    expect(read('docs/configuration.md')).toContain(read('src/config/defaults.yaml'));
  });

  it('show the example as it is', () => {
    expect(read('README.md')).toContain(read('examples/distill-arrays.mjs'));
  });
});
