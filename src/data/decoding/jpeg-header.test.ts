import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { plainJpegSize } from './jpeg-header.js';

const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
const picture = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: 37, height: 21, channels, background: 'grey', noise } });

describe('the size of a plain JPEG', () => {
  it.each([
    ['baseline', () => picture().jpeg()],
    ['progressive', () => picture().jpeg({ progressive: true })],
    ['without reduced colour', () => picture().jpeg({ chromaSubsampling: '4:4:4' })],
    ['with a colour profile', () => picture().withIccProfile('srgb').jpeg()],
  ])('is read from its header: %s', async (_, make) => {
    expect(plainJpegSize(await make().toBuffer())).toEqual({ width: 37, height: 21 });
  });

  it.each([
    ['turned', () => picture().withMetadata({ orientation: 6 }).jpeg()],
    ['grey', () => picture().toColourspace('b-w').jpeg()],
    ['of inks', () => picture().toColourspace('cmyk').jpeg()],
    ['no JPEG at all', () => picture().png()],
  ])('is left to the decoder for a picture that is %s', async (_, make) => {
    expect(plainJpegSize(await make().toBuffer())).toBeUndefined();
  });

  it('is left to the decoder wherever the header is cut short, and for any damaged length', async () => {
    const bytes = await picture().jpeg().toBuffer();
    const start = bytes.indexOf(Buffer.from([0xff, 0xda]));
    for (let length = 0; length < start + 2; length++)
      expect(plainJpegSize(bytes.subarray(0, length)), String(length)).toBeUndefined();
    const damaged = Buffer.from(bytes);
    damaged.writeUInt16BE(1, 4);
    expect(plainJpegSize(damaged)).toBeUndefined();
    damaged.writeUInt16BE(65535, 4);
    expect(plainJpegSize(damaged)).toBeUndefined();
  });
});
