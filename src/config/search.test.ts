import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { searchSpaces } from '../downstream/search/space.js';
import { loadPlan } from './index.js';
import { file, plan, problems, smallest } from './testing/configurations.js';

describe('the space of a search', () => {
  it('is small unless another is named, or lists are given', () => {
    expect(plan(smallest).search.space).toEqual(searchSpaces.small);
    expect(plan(`${smallest}search: { space: full }`).search.space).toEqual(searchSpaces.full);
    const widths = plan(`${smallest}search: { space: { widths: [4] } }`).search.space;
    expect(widths).toEqual({ ...searchSpaces.small, widths: [4] });
  });

  it.each([
    ['space: huge', "search.space: expected a mapping of keys, or the word 'small' or 'full'"],
    ['space: { norms: [batch, weight] }', 'search.space.norms[1]: expected instance, batch'],
    ['space: { widths: [] }', 'search.space.widths: expected a list of widths'],
    ['proxies: []', 'search.proxies: expected a list of distilled, random, early-stop'],
    ['sample: some', 'search.sample: expected a number of architectures from 2, or all'],
    ['validation: 0', 'search.validation: expected a number above 0 and below 1'],
    ['halving: { factor: 1 }', 'search.halving.factor: expected an integer from 2 to 100'],
  ])('and everything else is refused when it is wrong: %s', (yaml, problem) => {
    const found = problems(`${smallest}search: { ${yaml} }`);
    expect(found.join('\n')).toContain(problem);
  });
});

it('the distilled set may be called after the method, as it was before', () => {
  const former = `${smallest}search: { proxies: [random, ncfm] }\ncontinual: { memories: [ncfm] }`;
  expect(plan(former).search.proxies).toEqual(['random', 'distilled']);
  expect(plan(former).continual.memories).toEqual(['distilled']);
  const both = `${smallest}continual: { memories: [ncfm, distilled] }`;
  expect(problems(both).join()).toContain('continual.memories[1]: distilled is given twice');
});

describe('the run whose set a search uses', () => {
  it('is found from the file that names it', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'runs'));
    const source = file(`${smallest}search: { run: runs/mine }`, 'my.yaml', folder);
    expect(loadPlan({ source }).plan.search.run).toBe(join(folder, 'runs/mine'));
  });
});

describe('networks at once', () => {
  it('cannot ask a teacher at every step', () => {
    const soft = 'labels: { mode: on-the-fly }';
    // 'auto' is left to the run, which takes one at a time.
    expect(plan(`${smallest}evaluate: { concurrency: auto, ${soft} }`).evaluate).toMatchObject({
      concurrency: 'auto',
      labels: { mode: 'on-the-fly' },
    });
    expect(plan(`${smallest}evaluate: { concurrency: 4 }`).evaluate.concurrency).toBe(4);
    expect(problems(`${smallest}evaluate: { concurrency: 4, ${soft} }`).join()).toContain(
      'evaluate.concurrency: labels on the fly (evaluate.labels.mode) are asked of the teacher',
    );
  });

  it('are no part of the official protocol', () => {
    expect(plan(`${smallest}evaluate: official`).evaluate.concurrency).toBe(1);
  });
});
