import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';

/** Rows of every seed: two classes, so that some of each can be held out. */
const ROWS = 6;

/**
 * Pictures and labels in the layouts that readers meet: a structure of bytes and path with class names, as Hugging Face
 * writes it, or the bytes themselves; values plain, in a dictionary or as differences; compressed or not.
 */
export async function parquetFiles(): Promise<Buffer[]> {
  const pictures = await Promise.all(Array.from({ length: ROWS }, (_, row) => picture(row)));
  const nested = pictures.map((bytes, row) => ({ bytes, path: `${row}.png` }));
  const label = Array.from({ length: ROWS }, (_, row) => BigInt(row % 2));
  const features = { label: { names: ['cat', 'dog'], _type: 'ClassLabel' } };
  const plain = { name: 'image', data: pictures, type: 'BYTE_ARRAY' } as const;
  const write = (options: Parameters<typeof parquetWriteBuffer>[0]) =>
    Buffer.from(parquetWriteBuffer({ rowGroupSize: 4, ...options }));
  return [
    write({
      columnData: [
        { name: 'image', data: nested },
        { name: 'label', data: label },
      ],
      schema: [
        { name: 'schema', num_children: 2 },
        { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    }),
    write({ columnData: [plain, { name: 'label', data: label }], codec: 'UNCOMPRESSED' }),
    write({
      columnData: [
        plain,
        { name: 'label', data: label.map(Number), type: 'INT32', encoding: 'DELTA_BINARY_PACKED' },
      ],
      codec: 'UNCOMPRESSED',
    }),
    write({
      columnData: [plain, { name: 'label', data: label, encoding: 'RLE_DICTIONARY' }],
      codec: 'UNCOMPRESSED',
    }),
  ];
}

/** A picture of 2×2, as PNG. */
async function picture(shade: number): Promise<Uint8Array> {
  const background = { r: shade, g: 0, b: 0 };
  const create = { width: 2, height: 2, channels: 3 as const, background };
  return new Uint8Array(await sharp({ create }).png().toBuffer());
}
