import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CodeDefinition, codeVersion, Definitions } from './definitions.js';
import { temporaryFile } from './testing/folder.js';

const known = () =>
  new Definitions<{ name: string; module?: string }>('model', (name) => name === 'mlp');

describe('definitions', () => {
  it('are found by their names, and the nearest is told for others', () => {
    const models = known();
    const tiny = models.add({ name: 'tiny', module: 'file:///a.mjs' });
    expect(models.get('tiny')).toBe(tiny);
    expect(models.isFrom('file:///a.mjs')).toBe(true);
    expect(() => models.get('tny')).toThrow("no model named 'tny'; did you mean 'tiny'?");
  });

  it.each(['mlp', 'tiny', '', '1st', 'a/b', '__proto__'])('refuse the name %j', (name) => {
    const models = known();
    models.add({ name: 'tiny', module: 'file:///a.mjs' });
    expect(() => models.add({ name, module: 'file:///b.mjs' })).toThrow(/already|cannot name/);
  });

  it('are replaced by the module that made them, as when it is imported anew', () => {
    const models = known();
    models.add({ name: 'tiny', module: 'file:///a.mjs' });
    const again = models.add({ name: 'tiny', module: 'file:///a.mjs' });
    expect(models.all).toEqual([again]);
  });
});

describe("a definition's version", () => {
  const moduleOf = (text: string): string => {
    const path = temporaryFile('own.mjs');
    writeFileSync(path, text);
    return pathToFileURL(path).href;
  };

  it('is another for other code, and for another version beside it', () => {
    const [one, two] = [moduleOf('export const a = 1'), moduleOf('export const a = 2')];
    const versions = [
      { module: one },
      { module: two },
      { module: one, version: '1' },
      { version: '1' },
    ].map((code) => codeVersion('it', code));
    expect(new Set(versions).size).toBe(4);
    expect(codeVersion('it', { module: moduleOf('export const a = 1') })).toBe(versions[0]);
  });

  it.each([
    {},
    { version: '' },
    { module: 'data:text/javascript,1' },
    { module: 'file:///no.mjs' },
  ])('needs code that there is, or a version: %j', (code) => {
    expect(() => codeVersion('it', code)).toThrow('it: ');
  });
});

describe("a definition's options", () => {
  it('have defaults, which a choice completes', () => {
    const tiny = new CodeDefinition('model', 'tiny', {
      version: '1',
      options: { width: 3, deep: true },
    });
    expect(tiny.with({ width: 4 })).toEqual({ name: 'tiny', version: '1', width: 4, deep: true });
  });

  it.each([{ name: 1 }, { version: 1 }, { 'a-b': 1 }, { a: [] }, { a: Number.NaN }, { a: null }])(
    'are plain values with plain names: %j',
    (options) => {
      const make = () =>
        new CodeDefinition('model', 'tiny', { version: '1', options: options as never });
      expect(make).toThrow("the model 'tiny': the option");
    },
  );
});
