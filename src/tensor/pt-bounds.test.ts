import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { temporaryFile } from '../core/testing/folder.js';
import { loadPt } from './index.js';
import { writeZip } from './zip.js';

/** A file as torch.save makes it, around the given pickle. */
function writeArchive(path: string, pickle: string): void {
  const entries = {
    'archive/data.pkl': Buffer.from(pickle, 'latin1'),
    'archive/data/0': Buffer.alloc(8),
  };
  writeFileSync(path, writeZip(new Map(Object.entries(entries))));
}

/** A pickle of a tensor of floats: storage 0, then offset, sizes and strides. */
const tensorOf = (geometry: string) =>
  `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQ${geometry}\x89)tR.`;

describe('loadPt', () => {
  it('refuses a small file that comes to a large content, before it is made', () => {
    const path = temporaryFile('bomb.pt');
    // 2^30 elements, all of them the same one of the storage.
    writeArchive(path, tensorOf('K\0J\0\0\0\x40K\x01\x86K\0K\0\x86'));
    expect(() => loadPt(path)).toThrow(/bomb\.pt .*more than 16 times the file's own size/);
    // Each list holds the one before it twice: 2^40 parts.
    const recalled = (level: number) => `h${String.fromCharCode(level)}`;
    const levels = Array.from(
      { length: 40 },
      (_, level) => `](${recalled(level)}${recalled(level)}eq${String.fromCharCode(level + 1)}`,
    );
    writeArchive(path, `\x80\x02]q\0${levels.join('')}.`);
    expect(() => loadPt(path)).toThrow(/bomb\.pt .*the same parts over and over/);
  });

  it('refuses names of storages that would take forever to write out', () => {
    const path = temporaryFile('name.pt');
    // Each list holds the one before it twice, and the last is the storage's key: a text of 2^40 commas.
    const levels = Array.from({ length: 40 }, (_, level) => {
      const recalled = `h${String.fromCharCode(level)}`;
      return `](${recalled}${recalled}eq${String.fromCharCode(level + 1)}`;
    }).join('');
    const storage = '(X\x07\0\0\0storagectorch\nFloatStorage\nh\x28X\x03\0\0\0cpuK\x02tQ';
    writeArchive(path, `\x80\x02]q\0${levels}${storage}.`);
    expect(() => loadPt(path)).toThrow(/name\.pt .*a storage in a way unknown here/);
    writeArchive(path, `\x80\x04]q\0${levels}h\x28\x93.`);
    expect(() => loadPt(path)).toThrow(/name\.pt .*names something by what is no text/);
  });

  it('refuses containers that are nested without end', () => {
    const path = temporaryFile('deep.pt');
    writeArchive(path, `\x80\x02${']'.repeat(100_000)}${'a'.repeat(99_999)}.`);
    expect(() => loadPt(path)).toThrow(/deep\.pt .*nested more than 200 deep/);
  });

  it('refuses sizes that cannot be multiplied, also where there are no elements', () => {
    const path = temporaryFile('sizes.pt');
    const huge = 'J\xff\xff\xff\x7f';
    writeArchive(path, tensorOf(`K\0(K\0${huge}${huge}${huge}t(K\x01K\x01K\x01K\x01t`));
    expect(() => loadPt(path)).toThrow(/sizes\.pt .*describes a tensor in a way unknown here/);
  });

  it('refuses archives whose entries share their bytes or their names', () => {
    const path = temporaryFile('overlap.pt');
    const whole = writeZip(new Map([['archive/data.pkl', Buffer.alloc(4096, 'N')]]));
    const end = whole.length - 22;
    const start = whole.readUInt32LE(end + 16);
    const again = (entry: Buffer) => {
      const counts = Buffer.from(whole.subarray(end));
      counts.writeUInt16LE(2, 8);
      counts.writeUInt16LE(2, 10);
      const directory = Buffer.concat([whole.subarray(start, end), entry]);
      writeFileSync(path, Buffer.concat([whole.subarray(0, start), directory, counts]));
    };
    again(whole.subarray(start, end));
    expect(() => loadPt(path)).toThrow(/overlap\.pt .*entries claim more bytes than/);
    const small = writeZip(new Map([['archive/data.pkl', Buffer.from('N.')]]));
    const twin = Buffer.from(small.subarray(small.readUInt32LE(small.length - 6), -22));
    again(twin);
    expect(() => loadPt(path)).toThrow(/overlap\.pt .*two entries 'archive\/data\.pkl'/);
  });
});
