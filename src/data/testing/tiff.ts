/** What `encodeTiff` writes. */
export interface TiffOptions {
  readonly width: number;
  readonly height: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels?: 1 | 3;
  /** [height, width, channels]; their type is stored as it is. */
  readonly values: Uint8Array | Uint16Array | Int16Array | Uint32Array | Float32Array;
  /** The tag MaxSampleValue. */
  readonly maxSampleValue?: number;
}

const shortType = 3;
const longType = 4;

/** An uncompressed TIFF file of one strip: pictures of one size have files of one size. */
export function encodeTiff(options: TiffOptions): Buffer {
  const { width, height, channels = 1, values, maxSampleValue } = options;
  const pixels = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const bits = 8 * values.BYTES_PER_ELEMENT;
  const format = values instanceof Float32Array ? 3 : values instanceof Int16Array ? 2 : 1;
  const perChannel = (value: number): number[] => Array.from({ length: channels }, () => value);
  const entries: readonly (readonly [tag: number, type: number, values: readonly number[]])[] = [
    [256, longType, [width]],
    [257, longType, [height]],
    [258, shortType, perChannel(bits)],
    [259, shortType, [1]],
    [262, shortType, [channels === 3 ? 2 : 1]],
    [273, longType, [8]],
    [277, shortType, [channels]],
    [278, longType, [height]],
    [279, longType, [pixels.length]],
    ...(maxSampleValue === undefined
      ? []
      : ([[281, shortType, perChannel(maxSampleValue)]] as const)),
    [284, shortType, [1]],
    [339, shortType, perChannel(format)],
  ];
  const start = 8 + pixels.length;
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length, 0);
  const beyond: Buffer[] = [];
  let place = start + directory.length;
  for (const [row, [tag, type, numbers]] of entries.entries()) {
    const at = 2 + 12 * row;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(numbers.length, at + 4);
    const bytes = encodeNumbers(type, numbers);
    if (bytes.length <= 4) bytes.copy(directory, at + 8);
    else {
      directory.writeUInt32LE(place, at + 8);
      beyond.push(bytes);
      place += bytes.length;
    }
  }
  const head = Buffer.alloc(8);
  head.write('II', 'latin1');
  head.writeUInt16LE(42, 2);
  head.writeUInt32LE(start, 4);
  return Buffer.concat([head, pixels, directory, ...beyond]);
}

function encodeNumbers(type: number, numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc((type === longType ? 4 : 2) * numbers.length);
  for (const [index, value] of numbers.entries()) {
    if (type === longType) bytes.writeUInt32LE(value, 4 * index);
    else bytes.writeUInt16LE(value, 2 * index);
  }
  return bytes;
}
