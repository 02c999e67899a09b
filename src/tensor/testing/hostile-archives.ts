import { readZip, writeZip } from '../zip.js';

/**
 * Ways to make a `.pt` file dangerous or wrong while its archive stays valid, checksums included: code in its pickle,
 * sizes that nothing is behind, records elsewhere. Every one must be refused. For files that `savePt` wrote.
 */
export function* hostileArchives(bytes: Buffer): Generator<readonly [what: string, bytes: Buffer]> {
  const entries = readZip(Buffer.from(bytes));
  const at = [...entries.keys()].find((name) => name.endsWith('/data.pkl'))!;
  const pickle = entries.get(at)!.toString('latin1');
  const withPickle = (changed: string): Buffer => {
    if (changed === pickle)
      throw new Error('the file is not one that savePt wrote: nothing changed');
    return writeZip(new Map([...entries, [at, Buffer.from(changed, 'latin1')]]));
  };
  const renamed = (rename: (name: string) => string): Buffer =>
    writeZip(new Map([...entries].map(([name, content]) => [rename(name), content])));

  for (const module of ['os', 'posix', 'nt', 'builtins', 'subprocess', 'torch.hub']) {
    for (const name of ['system', 'eval', 'exec', 'Popen', 'load']) {
      const called = `\x80\x02c${module}\n${name}\nX\x02\0\0\0id\x85R.`;
      yield [`a call of ${module}.${name}`, withPickle(called)];
      yield [
        `a call of ${module}.${name} before the data`,
        withPickle(called.slice(0, -1) + pickle),
      ];
    }
  }
  yield ['sizes of 2^30', withPickle(pickle.replaceAll(/J[^\0]\0\0\0/g, 'J\0\0\0\x40'))];
  yield ['another element type', withPickle(pickle.replaceAll('FloatStorage', 'DoubleStorage'))];
  yield [
    'a storage that is not there',
    withPickle(pickle.replaceAll('X\x01\0\0\x000', 'X\x01\0\0\x009')),
  ];
  yield ['a pickle of nothing', withPickle('')];
  yield ['a pickle without an end', withPickle(pickle.slice(0, -1))];
  yield ['records outside the archive', renamed((name) => `../../${name}`)];
  yield ['records at the root', renamed((name) => `/${name}`)];
  yield ['no records', writeZip(new Map())];
}
