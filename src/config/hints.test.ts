import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { loadPlan } from './index.js';

/** What is said of an assignment, without the assignment itself; 'none' where it is taken. */
function told(assignment: string): string {
  return messageOf(() => loadPlan({ source: 'digits', overrides: [assignment] })).replace(
    /^--set .*?: (?=[a-z]|')/s,
    '',
  );
}

function toldOf(yaml: string): string {
  const path = join(temporaryFolder(), 'my.yaml');
  writeFileSync(path, yaml);
  return messageOf(() => loadPlan({ source: path })).replaceAll(path, 'my.yaml');
}

function messageOf(body: () => void): string {
  try {
    body();
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

/** The value that an assignment gives a setting. */
function settingOf(assignment: string): unknown {
  const { plan } = loadPlan({ source: 'digits', overrides: [assignment] });
  const keys = assignment.slice(0, assignment.indexOf('=')).split('.');
  return keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], plan);
}

describe('a pair between braces without a blank after its colon', () => {
  it.each([
    ['evaluate.length={steps:10}', { steps: 10 }],
    ['evaluate.length={steps :10}', { steps: 10 }],
    ['evaluate.length={epochs:1e1}', { epochs: 10 }],
    ['distill.matching={strategy:plain,realPerClass:16}', { strategy: 'plain', realPerClass: 16 }],
    ['dataset.path={a:b}', undefined],
  ])('is a pair: %s', (assignment, value) => {
    if (value === undefined) expect(told(assignment)).toContain('found a mapping of a');
    else expect(settingOf(assignment)).toEqual(value);
  });

  it('is one in nested braces, in files, and with a colon in its value', () => {
    const assignment = 'dataset={path:/a b/c:d}';
    expect(settingOf(assignment)).toMatchObject({ path: '/a b/c:d' });
    expect(settingOf('pretrain={networks:2,length:{epochs:1}}')).toMatchObject({
      networks: 2,
      length: { epochs: 1 },
    });
    expect(toldOf('extends: digits\nevaluate: { length: {steps:10} }\n')).toBe('none');
    expect(toldOf('extends: digits\nevaluate: { length: {steps:ten} }\n')).toBe(
      "my.yaml:2:22: evaluate.length.steps: expected an integer from 1 to 100000000, found 'ten'",
    );
  });
});

const blank = 'with a blank after the colon';
const quotes = 'if the value is a text, put it in quotes';

describe('what YAML reads otherwise than it was meant', () => {
  it.each([
    ['evaluate.length=steps:10', /found 'steps:10'; write { steps: 10 }$/],
    ['evaluate.length={"steps:10"}', `unknown key; write 'steps: 10', ${blank}`],
    ['evaluate.length={steps=10}', `unknown key; write 'steps: 10', ${blank}`],
    ['evaluate.length={steps: 1, steps: 2}', 'steps: this key is given twice in one mapping'],
    ['evaluate.length={steps:10', /not valid YAML: Flow map must end with a }$/],
    ['distill.matching.groups[0]=1', "list is set as a whole: --set 'distill.matching.groups=[…]'"],
    ['seed=', "there is no value after '='; for none, write null"],
    ['distill= ', "there is no value after '='"],
    ['evaluate=~', 'evaluate: null leaves its settings as they are; give one of them'],
    ['evaluate={labels: null}', 'evaluate.labels: null leaves its settings as they are'],
    ['seed=1_000', "found '1_000'; write 1000"],
    ['seed=1,000', "found '1,000'; write 1000"],
    ['distill.iterations=100 000', "found '100 000'; write 100000"],
    ['seed="5"', "found '5'; leave the quotes out"],
    ['distill.alpha=0,3', "found '0,3'; write 0.3"],
    ['distill.alpha=30%', "found '30%'; write 0.3"],
    ['distill.alpha=.inf', 'found Infinity (written .inf)'],
    ['distill.iterations=1e400', 'found Infinity (written 1e400)'],
    ['distill.iterations=1e-1', 'found 0.1 (written 1e-1)'],
    ['seed=9007199254740993', 'found 9007199254740992 (written 9007199254740993)'],
    ['continual.fineTune=yes', "found 'yes'; write true"],
    ['continual.fineTune=off', "found 'off'; write false"],
    ['continual.fineTune=0', 'found 0; write false'],
    ['continual.fineTune="true"', "found 'true'; leave the quotes out"],
    ['search.proxies=distilled,random', 'a list is written [distilled, random]'],
    ['dataset.path=2024', 'found 2024; as a text it is written in quotes: "2024"'],
    ['name=0x10', 'found 16 (written 0x10); as a text it is written in quotes: "0x10"'],
    ['dataset.path=a: b', 'found a mapping of a; a text that looks so to YAML needs quotes'],
    ['dataset.path=/data/set #2', "'#2' would be a comment, which YAML leaves out"],
    ['dataset.path=#x', "'#x' would be a comment"],
    ['dataset.path=@x', `Plain value cannot start with reserved character @; ${quotes}`],
    ['dataset.path=*x', `the alias *x has no anchor before it; ${quotes}`],
    ['dataset.path=!x', `Unresolved tag: !x; ${quotes}`],
  ])('is told: --set %s', (assignment, expected) => {
    expect(told(assignment)).toMatch(expected);
  });

  it.each([
    ['extends: digits\nseed:5\n', `my.yaml:2:1: not valid YAML: Implicit map keys`, 'seed: 5'],
    ['seed:5\nextends: digits\n', 'my.yaml:1:1: not valid YAML: Implicit keys', 'seed: 5'],
    ['extends: digits\nseed = 5\n', 'my.yaml:2:1: not valid YAML', 'seed: 5'],
    ['seed:5', "my.yaml:1:1: expected a mapping of keys, found 'seed:5'", 'seed: 5'],
  ])('is told of a file %#', (yaml, place, pair) => {
    expect(toldOf(yaml)).toContain(place);
    expect(toldOf(yaml)).toContain(`; write '${pair}', ${blank}`);
  });

  it('is told of several pairs in a row, and of a key that only looks like another', () => {
    const text = 'extends: digits\nevaluate:\n  length:\n    steps:10\n    epochs:2\n';
    expect(toldOf(text)).toMatch(/found 'steps:10 epochs:2'; each colon needs a blank behind it$/);
    expect(toldOf('Extends: digits\n')).toContain("Extends: unknown key; did you mean 'extends'?");
  });
});

describe('what YAML reads as it was meant', () => {
  it.each([
    ['seed=1e3', 1000],
    ['seed=010', 10],
    ['seed=0o10', 8],
    ['seed=0x10', 16],
    ['seed=1.', 1],
    ['distill.alpha=.5', 0.5],
    ['dataset.path=/data/a#b', '/data/a#b'],
    ['dataset.path="/data/set #2"', '/data/set #2'],
    ['dataset.path=/C:\\x', '/C:\\x'],
    ['dataset.path=/a=b=c', '/a=b=c'],
    ['dataset.path=/no', '/no'],
    ['checkpoint.seconds=~', null],
  ])('is taken: --set %s', (assignment, value) => {
    expect(settingOf(assignment)).toBe(value);
  });
});
