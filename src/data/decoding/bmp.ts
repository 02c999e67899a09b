import { UsageError } from '../../core/errors.js';
import type { Size } from './geometry.js';

// Windows' and OS/2's bitmaps (Microsoft's BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER to BITMAPV5HEADER),
// little-endian: 'BM', file size, 4 bytes, offset of the pixels; a header that starts with its own size; colour masks or
// a palette; rows of pixels from the lowest up, each padded to 4 bytes.

const fileHeaderLength = 14;
const coreHeaderLength = 12;
const infoHeaderLength = 40;
const knownHeaderLengths: ReadonlySet<number> = new Set([
  coreHeaderLength,
  infoHeaderLength,
  52,
  56,
  64,
  108,
  124,
]);

const uncompressed = 0;
const bitFields = new Set([3, 6]);
const compressionNames: Readonly<Record<number, string>> = {
  1: 'run lengths',
  2: 'run lengths',
  4: 'JPEG',
  5: 'PNG',
};

/** Where one colour is in a pixel of 16 or 32 bits. */
interface Field {
  readonly shift: number;
  readonly largest: number;
}

export interface BmpHeader extends Size {
  /** Bits of a pixel: 1, 2, 4 or 8 with a palette; 16, 24 or 32. */
  readonly bits: number;
  /** Whether the first row is the highest one. */
  readonly topDown: boolean;
  readonly offset: number;
  /** Red, green, blue of every entry, where pixels are entries. */
  readonly palette?: Uint8Array;
  /** Red, green and blue in pixels of 16 and 32 bits. */
  readonly fields?: readonly Field[];
  /** Whether all of the palette are shades of grey. */
  readonly grey: boolean;
}

/** Whether a file starts like a bitmap: two letters alone would be too weak a sign. */
export function isBmp(start: Buffer): boolean {
  const header = start.length >= fileHeaderLength + 4 && start.readUInt32LE(fileHeaderLength);
  return (
    start.toString('latin1', 0, 2) === 'BM' && header !== false && knownHeaderLengths.has(header)
  );
}

/**
 * Reads the header and palette of a bitmap, which `isBmp` has told to be one.
 *
 * @param name what errors call the picture
 * @throws UsageError naming the picture if it is compressed; Error saying what is damaged.
 */
export function readBmpHeader(bytes: Uint8Array, name: string): BmpHeader {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = file.readUInt32LE(fileHeaderLength);
  if (file.length < fileHeaderLength + headerSize) throw new Error('it is cut short in its header');
  const core = headerSize === coreHeaderLength;
  const width = core ? file.readUInt16LE(18) : file.readInt32LE(18);
  const rows = core ? file.readUInt16LE(20) : file.readInt32LE(22);
  const bits = file.readUInt16LE(core ? 24 : 28);
  const height = Math.abs(rows);
  if (width <= 0 || height === 0) throw new Error(`it has ${width} × ${height} pixels`);
  const compression = core ? uncompressed : file.readUInt32LE(30);
  const masked = bitFields.has(compression) && (bits === 16 || bits === 32);
  if (compression !== uncompressed && !masked) {
    const how = compressionNames[compression] ?? `method ${compression}`;
    throw new UsageError(
      `${name}: the BMP picture is compressed by ${how}; expected an uncompressed one: save it as PNG`,
    );
  }
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`its pixels have ${bits} bits`);
  const size = { width, height, bits, topDown: rows < 0, offset: file.readUInt32LE(10) };
  checkLength(file, size);
  if (bits === 24) return { ...size, grey: false };
  if (bits > 8) return { ...size, fields: readFields(file, bits, masked), grey: false };
  const palette = readPalette(file, { headerSize, bits, offset: size.offset });
  return { ...size, palette, grey: palette.every((value, at) => value === palette[at - (at % 3)]) };
}

type Layout = Pick<BmpHeader, 'width' | 'height' | 'bits' | 'offset'>;

function strideOf({ width, bits }: Layout): number {
  return Math.ceil((width * bits) / 32) * 4;
}

/** The last row's padding may be missing. */
function checkLength(file: Buffer, layout: Layout): void {
  const { width, height, bits, offset } = layout;
  const needed = offset + strideOf(layout) * (height - 1) + Math.ceil((width * bits) / 8);
  if (offset < fileHeaderLength || file.length < needed) {
    throw new Error(`it needs ${needed} bytes and has ${file.length}`);
  }
}

/** Blue, green, red and, but for the oldest header, a byte without meaning; as many as the header says and there are. */
function readPalette(
  file: Buffer,
  { headerSize, bits, offset }: { headerSize: number; bits: number; offset: number },
): Uint8Array {
  const core = headerSize === coreHeaderLength;
  const stated = core ? 0 : file.readUInt32LE(46);
  const start = fileHeaderLength + headerSize;
  const step = core ? 3 : 4;
  const room = Math.floor((Math.min(offset, file.length) - start) / step);
  const entries = Math.min(stated || 2 ** bits, 2 ** bits, Math.max(room, 0));
  if (entries === 0) throw new Error('it has no palette');
  const palette = new Uint8Array(entries * 3);
  for (let entry = 0; entry < entries; entry++) {
    for (let channel = 0; channel < 3; channel++) {
      palette[3 * entry + channel] = file[start + step * entry + 2 - channel]!;
    }
  }
  return palette;
}

/** The masks follow the first 40 bytes of the header, in it or after it. */
function readFields(file: Buffer, bits: number, masked: boolean): Field[] {
  const usual = bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff];
  const start = fileHeaderLength + infoHeaderLength;
  if (masked && file.length < start + 12) throw new Error('it is cut short in its colour masks');
  const masks = masked ? [0, 4, 8].map((at) => file.readUInt32LE(start + at)) : usual;
  return masks.map((mask) => {
    if (mask === 0) throw new Error('a colour has no bits');
    const shift = 31 - Math.clz32(mask & -mask);
    return { shift, largest: mask >>> shift };
  });
}

/**
 * The pixels of a bitmap, from the highest row down: [height, width, 3], red, green, blue.
 *
 * @throws Error saying what is damaged.
 */
export function decodeBmp(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { width, height, bits, topDown, offset } = header;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stride = strideOf(header);
  const pixels = new Uint8Array(width * height * 3);
  const decodeRow = bits <= 8 ? decodeEntries : bits === 24 ? decodeTriples : decodeFields;
  for (let row = 0; row < height; row++) {
    const start = offset + stride * (topDown ? row : height - 1 - row);
    const into = pixels.subarray(row * width * 3, (row + 1) * width * 3);
    decodeRow(file.subarray(start, start + stride), into, header);
  }
  return pixels;
}

type RowDecoder = (row: Buffer, into: Uint8Array, header: BmpHeader) => void;

const decodeTriples: RowDecoder = (row, into) => {
  for (let at = 0; at < into.length; at += 3) {
    into[at] = row[at + 2]!;
    into[at + 1] = row[at + 1]!;
    into[at + 2] = row[at]!;
  }
};

const decodeEntries: RowDecoder = (row, into, { width, bits, palette }) => {
  const mask = 2 ** bits - 1;
  for (let column = 0; column < width; column++) {
    const bit = column * bits;
    const entry = (row[bit >> 3]! >> (8 - bits - (bit & 7))) & mask;
    if (3 * entry >= palette!.length) {
      throw new Error(`a pixel is entry ${entry} of a palette of ${palette!.length / 3}`);
    }
    for (let channel = 0; channel < 3; channel++) {
      into[3 * column + channel] = palette![3 * entry + channel]!;
    }
  }
};

const decodeFields: RowDecoder = (row, into, { width, bits, fields }) => {
  for (let column = 0; column < width; column++) {
    const pixel = bits === 16 ? row.readUInt16LE(2 * column) : row.readUInt32LE(4 * column);
    for (const [channel, { shift, largest }] of fields!.entries()) {
      into[3 * column + channel] = Math.floor((((pixel >>> shift) & largest) * 255) / largest);
    }
  }
};
