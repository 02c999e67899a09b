import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { writeFileAtomic } from '../../core/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { ExportedSet } from './exported-set.js';
import { dataFiles, softLabelsName } from './files.js';
import { encodeImages } from './png.js';

/**
 * `data/train-00000-of-00001.parquet` as Hugging Face's `datasets` writes it: pictures as a structure of PNG bytes and
 * path, class numbers, and the description of both under the key `huggingface`, so that it loads them as images and
 * class labels; soft labels are lists of numbers.
 */
export async function writeParquet(folder: string, set: ExportedSet): Promise<void> {
  const { labels, probabilities, metadata } = set;
  const pictures = await encodeImages(set);
  const digits = String(pictures.length - 1).length;
  const image = pictures.map((bytes, index) => ({
    bytes: new Uint8Array(bytes),
    path: `${String(index).padStart(digits, '0')}.png`,
  }));
  const label = labels.map((one) => BigInt(one));
  const soft = probabilities && rowsOf(probabilities);
  const features = {
    image: { _type: 'Image' },
    label: { names: differing(metadata.classNames), _type: 'ClassLabel' },
    ...(soft && {
      [softLabelsName]: { feature: { dtype: 'float32', _type: 'Value' }, _type: 'Sequence' },
    }),
  };
  const content = parquetWriteBuffer({
    columnData: [
      { name: 'image', data: image },
      { name: 'label', data: label },
      ...(soft ? [{ name: softLabelsName, data: soft }] : []),
    ],
    schema: [
      { name: 'schema', num_children: soft ? 3 : 2 },
      { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ...(soft ? listOfFloats(softLabelsName) : []),
    ],
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
  });
  const path = join(folder, dataFiles.parquet);
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic(path, new Uint8Array(content));
}

/** Names as they are, but for those that occur twice, which `datasets` refuses: the later ones get their number. */
function differing(names: readonly string[]): string[] {
  const taken = new Set(names);
  return names.map((name, label) => {
    if (names.indexOf(name) === label) return name;
    let other = `${name} (${label})`;
    while (taken.has(other)) other += ' ';
    taken.add(other);
    return other;
  });
}

/** The three levels that Parquet's standard gives a list. */
function listOfFloats(name: string) {
  return [
    { name, num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
  ] as const;
}

function rowsOf(values: Tensor): number[][] {
  const [count, width] = values.shape as [number, number];
  const flat = values.toFloat32Array();
  return Array.from({ length: count }, (_, row) => [
    ...flat.subarray(row * width, (row + 1) * width),
  ]);
}
