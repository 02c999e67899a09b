import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { temporaryFile } from '../core/testing/folder.js';
import { type DType, liveTensors, loadPt, type Storable, savePt, Tensor } from './index.js';
import { numbers } from './testing/compare.js';
import { golden, goldenPath } from './testing/golden.js';
import { ones, RandomGenerator, tensor } from './testing/on-device.js';
import { pythonWithTorch, runPython } from './testing/python.js';
import { readZip, writeZip } from './zip.js';

/** Tensors as [type, shape, elements]; everything else as it is. */
function plain(value: Storable): unknown {
  if (value instanceof Tensor) return [value.dtype, value.shape, numbers(value.to('float64'))];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** A file as torch.save makes it, around the given pickle. */
function writeArchive(path: string, pickle: string, storage: Uint8Array = new Uint8Array(8)): void {
  writeFileSync(
    path,
    writeZip(
      new Map([
        ['archive/data.pkl', Buffer.from(pickle, 'latin1')],
        ['archive/data/0', storage],
      ]),
    ),
  );
}

const dtypes: DType[] = [
  'uint8',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'bool',
];

describe('loadPt', () => {
  it("reads [images, labels] as PyTorch's torch.save writes them", () => {
    const expected = golden('images');
    const stored = loadPt(goldenPath('images.pt'));
    expect(plain(stored)).toEqual(plain([expected('images'), expected('labels')]));
  });

  it("reads a network's state dictionary", () => {
    const state = loadPt(goldenPath('convnet-grey28.pt')) as Record<string, Tensor>;
    expect(Object.keys(state)).toContain('layers.norm.2.bias');
    expect(state['layers.conv.0.weight']!.shape).toEqual([8, 1, 3, 3]);
    expect(state['classifier.weight']!.shape).toEqual([10, 128]);
    expect(state['classifier.weight']!.requiresGrad).toBe(false);
  });

  it('gives the caller exactly the tensors of the file', () => {
    const before = liveTensors();
    const [images, labels] = loadPt(goldenPath('images.pt')) as [Tensor, Tensor];
    expect(liveTensors()).toBe(before + 2);
    images.dispose();
    labels.dispose();
  });

  it.each([
    ['data that is no archive', 'hello, I am a text file', /not a complete ZIP archive/],
    ['an empty file', '', /not a complete ZIP archive/],
  ])('refuses %s, naming the file', (_, content, message) => {
    const path = temporaryFile('bad.pt');
    writeFileSync(path, content);
    expect(() => loadPt(path)).toThrow(UsageError);
    expect(() => loadPt(path)).toThrow(path);
    expect(() => loadPt(path)).toThrow(message);
  });

  it('refuses files cut short or changed anywhere in the data', () => {
    const whole = readFileSync(goldenPath('images.pt'));
    const path = temporaryFile('cut.pt');
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      expect(() => loadPt(path)).toThrow(UsageError);
    }
    const changed = Buffer.from(whole);
    const [, content] = [...readZip(changed)].find(([name]) => name.endsWith('/data/0'))!;
    content[5]! ^= 1;
    writeFileSync(path, changed);
    expect(() => loadPt(path)).toThrow(/entry '.*\/data\/0' is damaged/);
  });

  it('runs nothing that a file names', () => {
    const path = temporaryFile('evil.pt');
    writeArchive(path, '\x80\x02cos\nsystem\nX\x04\0\0\0exit\x85R.');
    expect(() => loadPt(path)).toThrow(/calls os.system, which is neither a tensor nor a plain/);
    writeArchive(path, '\x80\x02c__main__\nNetwork\n)\x81}b.');
    expect(() => loadPt(path)).toThrow(/unsupported opcode 0x81/);
    writeArchive(path, '\x80\x02c__main__\nNetwork\n.');
    expect(() => loadPt(path)).toThrow(/holds __main__.Network/);
  });

  const tensorOf = (storage: string, geometry: string) =>
    `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage${storage}X\x03\0\0\0cpuK\x02tQ${geometry}\x89)t R.`.replace(
      't R',
      'tR',
    );
  const floats = 'ctorch\nFloatStorage\nX\x01\0\0\x000';
  it.each([
    [
      'a tensor beyond its storage',
      tensorOf(floats, 'K\x01K\x02\x85K\x01\x85'),
      /shape \[2\] goes beyond its storage of 2/,
    ],
    [
      'strides that do not fit the sizes',
      tensorOf(floats, 'K\0K\x02\x85)'),
      /goes beyond|unknown here/,
    ],
    [
      'a negative offset',
      tensorOf(floats, 'J\xff\xff\xff\xffK\x01\x85K\x01\x85'),
      /in a way unknown here/,
    ],
    [
      'a missing storage',
      tensorOf(floats.replace('\x000', '\x007'), 'K\0K\x01\x85K\x01\x85'),
      /storage '7', which is missing/,
    ],
    [
      'an unknown element type',
      tensorOf(floats.replace('Float', 'Strange'), 'K\0))'),
      /of a type unknown/,
    ],
    [
      'a storage of another size',
      tensorOf(floats.replace('Float', 'Double'), 'K\0K\x01\x85K\x01\x85'),
      /has 8 bytes for 2 float64/,
    ],
    ['a pickle that ends early', '\x80\x02X\xff\0\0\0abc', /ends too early/],
    ['an empty stack', '\x80\x02.', /empty stack/],
    ['a list that contains itself', '\x80\x02]q\x00h\x00a.', /the same parts over and over/],
  ])('refuses %s and leaves nothing behind', (_, pickle, message) => {
    const path = temporaryFile('bad.pt');
    writeArchive(path, pickle);
    const before = liveTensors();
    expect(() => loadPt(path)).toThrow(UsageError);
    expect(() => loadPt(path)).toThrow(message);
    expect(liveTensors()).toBe(before);
  });

  it('accepts the hand-made tensor that the refused ones differ from', () => {
    const path = temporaryFile('good.pt');
    const storage = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    writeArchive(path, tensorOf(floats, 'K\x01K\x03\x85K\0\x85'), storage);
    expect(plain(loadPt(path))).toEqual(['float32', [3], [-2, -2, -2]]);
  });
});

describe('savePt', () => {
  const value = {
    images: new RandomGenerator(1).normal([2, 1, 3]),
    list: [1, -1, 2 ** 40, -(2 ** 40), 0.1, 1e300, 'text ü', true, false, null],
    nested: { deep: [tensor([1, 2, 3, 4], [2, 2]).transpose(0, 1)], empty: [], nothing: {} },
    scalar: tensor([4], [], 'int64'),
    none: tensor([], [0, 3]),
  };

  it('is read back by loadPt', () => {
    const path = temporaryFile('value.pt');
    savePt(path, value);
    expect(plain(loadPt(path))).toEqual(plain(value));
  });

  it.each(dtypes)('brings back %s bit by bit', (dtype) => {
    const path = temporaryFile('type.pt');
    const x = tensor([0, 1, 1, 0, 1, 1], [3, 2]).to(dtype);
    savePt(path, x);
    const read = loadPt(path) as Tensor;
    expect([read.dtype, read.shape]).toEqual([dtype, [3, 2]]);
    expect(read.toBytes()).toEqual(x.toBytes());
  });

  it('starts every record at a multiple of 64 bytes', () => {
    const path = temporaryFile('aligned.pt');
    savePt(path, [ones([3]), ones([5]), ones([1])]);
    const bytes = readFileSync(path);
    const records = [...readZip(bytes)].filter(([name]) => name.includes('/data/'));
    expect(records.map(([name]) => name)).toEqual([
      'archive/data/0',
      'archive/data/1',
      'archive/data/2',
    ]);
    for (const [, record] of records) expect((record.byteOffset - bytes.byteOffset) % 64).toBe(0);
  });

  it('calls nothing in Python that loading with weights only refuses', () => {
    const path = temporaryFile('globals.pt');
    savePt(path, value);
    const pickle = readZip(readFileSync(path)).get('archive/data.pkl')!.toString('latin1');
    expect(new Set(pickle.match(/c(torch|collections)[\w.]*\n\w+\n/g))).toEqual(
      new Set([
        'ctorch._utils\n_rebuild_tensor_v2\n',
        'ctorch\nFloatStorage\n',
        'ctorch\nLongStorage\n',
        'ccollections\nOrderedDict\n',
      ]),
    );
  });
});

const python = pythonWithTorch();
const title = python === undefined ? ' (skipped: no Python with PyTorch here)' : '';

describe.skipIf(python === undefined)(`with Python's PyTorch${title}`, () => {
  it('torch.load reads what savePt writes', () => {
    const path = temporaryFile('ours.pt');
    const images = new RandomGenerator(2).normal([3, 1, 2, 2]);
    savePt(path, {
      pair: [images, tensor([0, 1, 2], [3], 'int64')],
      values: [1, 2 ** 40, 0.5, 'ü', null, true],
      types: dtypes.map((dtype) => tensor([0, 1]).to(dtype)),
      turned: tensor([1, 2, 3, 4], [2, 2]).transpose(0, 1),
    });
    const seen = runPython(
      [
        'import json, sys, torch',
        'v = torch.load(sys.argv[1])',
        'images, labels = v["pair"]',
        'print(json.dumps([images.double().tolist(), labels.tolist(), str(labels.dtype), v["values"],',
        '  [str(t.dtype) + str(t.double().tolist()) for t in v["types"]], v["turned"].tolist()]))',
      ].join('\n'),
      path,
    );
    const nested = images.to('float64');
    expect(JSON.parse(seen)).toEqual([
      expect.any(Array),
      [0, 1, 2],
      'torch.int64',
      [1, 2 ** 40, 0.5, 'ü', null, true],
      dtypes.map((dtype) => `torch.${dtype}[0.0, 1.0]`),
      [
        [1, 3],
        [2, 4],
      ],
    ]);
    expect(JSON.parse(seen)[0].flat(3)).toEqual(numbers(nested));
  });

  it('loadPt reads what torch.save writes: views, parameters, tuples, module states, newer pickles', () => {
    const path = temporaryFile('theirs.pt');
    const values = [
      '(torch.arange(6.).reshape(2, 3).t()[1:], torch.nn.Parameter(torch.ones(2)))',
      '{1: 10**12, "x": [1.5, None, True, -3], "size": "é"}',
      'torch.nn.BatchNorm1d(2).state_dict()',
      'torch.nn.Linear(1, 1)',
    ];
    runPython(
      [
        'import sys, torch',
        `for index, value in enumerate([${values.join(', ')}]):`,
        '  torch.save(value, f"{sys.argv[1]}.{index}")',
        'newer = [torch.ones(1), {"a": (1, 2, 3, 4)}]',
        'torch.save(newer, sys.argv[1], pickle_protocol=4)',
      ].join('\n'),
      path,
    );
    expect(plain(loadPt(`${path}.0`))).toEqual([
      ['float32', [2, 2], [1, 4, 2, 5]],
      ['float32', [2], [1, 1]],
    ]);
    expect(plain(loadPt(`${path}.1`))).toEqual({ 1: 1e12, x: [1.5, null, true, -3], size: 'é' });
    expect(Object.keys(loadPt(`${path}.2`) as object)).toEqual([
      'weight',
      'bias',
      'running_mean',
      'running_var',
      'num_batches_tracked',
    ]);
    expect(() => loadPt(`${path}.3`)).toThrow(UsageError);
    expect(plain(loadPt(path))).toEqual([['float32', [1], [1]], { a: [1, 2, 3, 4] }]);
  });
});
