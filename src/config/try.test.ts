import { writeFileSync } from 'node:fs';
import { it } from 'vitest';
import { listPresets, loadPlan } from './index.js';

function attempt(yaml: string, set: string[] = []) {
  writeFileSync('/tmp/my.yaml', yaml);
  try {
    const r = loadPlan({ source: '/tmp/my.yaml', set });
    console.log('OK\n' + r.yaml);
    return r;
  } catch (e) {
    console.log(yaml, set, '\n=> ', e instanceof Error && e.name === 'UsageError' ? e.message : e);
  }
}
it('x', () => {
  console.log(listPresets());
  attempt('');
  attempt(
    'extends: fashion-ipc50\nmodel:\ndistill:\n  amortize: 5\nstudent: {width: 64}\nevaluate: {length: {epochs: 3}, optimizer: {kind: sgd, learningRate: 1}}',
    [
      'distill.frequencies.kind=sampling-network',
      'distill.frequencies.count=64',
      'distill.initialization={kind: load, path: a.pt}',
    ],
  );
  attempt(
    'extends: digits\ndistil:\n  alpha: 2\ndistill:\n  alpha: 2\n  matching: {strategy: stratifed}\n  formation: {mode: bound}\nmodel: {name: resnet}\ndataset: {name: digts}\nseed: -1\nthreads: 0\nevaluate: {length: {step: 3}, optimizer: {learningrate: 3}, augmentation: weak}\n',
  );
  attempt('extends: digits\nevaluate: {length: {steps: 0}}', [
    'foo=1',
    'distill.matching.groups=[1,2]',
    'seed=x',
    'evaluate.length.epochs=0.5',
  ]);
  attempt('extends: digits\nevaluate: {length: {steps: 1, epochs: 2}}');
  attempt('extends: digts');
  attempt('a: 1\na: 2\nb: [1\n');
  attempt('a: &x [1]\nb: *y\nc: !!foo 3\n');
  attempt('[1,2]');
  attempt('? [1]\n: 2');
  attempt('__proto__: 1');
  attempt('constructor: 1\nextends: digits');
  attempt(
    'a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\n',
  );
  attempt('a: &a [*a]');
  attempt('extends: digits', ['alpha', '=3', 'a..b=1', 'distill.alpha=[1', '__proto__.x=1']);
  attempt('extends: digits', ['distill.alpha=[1']);
  attempt('extends: digits', ['__proto__.x=1']);
  attempt('extends: digits', [
    'distill.matching={strategy: stratified, realPerCluster: 1, groups: [1, 3]}',
    'distill.amortize=1000',
    'distill.formation.mode=single',
    'distill.frequencies={kind: sampling-network, count: 17}',
  ]);
  attempt('--- 1\n--- 2');
  attempt('extends: ./my.yaml');
  attempt('extends: [a]');
  attempt(
    'extends: digits\nseed: 0x10\nname: 12\ndistill:\n  optimizer:\n    betas: [0.1]\n  schedule: {kind: multi-step, milestones: [0.5, 2]}\n',
  );
});
