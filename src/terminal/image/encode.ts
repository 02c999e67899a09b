import sharp from 'sharp';
import type { ImageProtocol } from './protocol.js';
import { sixels } from './sixel.js';

/** Of one piece of what is sent to kitty. */
const chunkLength = 4096;

/**
 * What a terminal is to be sent to show a picture.
 * @param file a picture file
 * @param mostPixels width that there is room for; a wider picture is made smaller
 */
export async function encodeImage(
  file: Buffer,
  protocol: ImageProtocol,
  mostPixels: number,
): Promise<string> {
  const picture = sharp(file)
    .resize({ width: mostPixels, withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb');
  if (protocol === 'sixel') {
    const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
    return `${sixels(data, info)}\n`;
  }
  const png = await picture.png().toBuffer();
  return protocol === 'kitty' ? kitty(png) : iterm2(png);
}

/** https://sw.kovidgoyal.net/kitty/graphics-protocol */
function kitty(png: Buffer): string {
  const text = png.toString('base64');
  const count = Math.ceil(text.length / chunkLength);
  const chunks = Array.from({ length: count }, (_, index) => {
    const chunk = text.slice(index * chunkLength, (index + 1) * chunkLength);
    const more = index < count - 1 ? 1 : 0;
    const control = index === 0 ? `a=T,f=100,m=${more}` : `m=${more}`;
    return `\u001b_G${control};${chunk}\u001b\\`;
  });
  return `${chunks.join('')}\n`;
}

/** https://iterm2.com/documentation-images.html */
function iterm2(png: Buffer): string {
  return `\u001b]1337;File=inline=1;size=${png.length}:${png.toString('base64')}\u0007\n`;
}
