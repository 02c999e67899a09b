import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** A small picture of one colour, which its file's number decides; JPEG, 40×36 unless told otherwise. */
export function paintPicture(number: number, width = 40, height = 36): Promise<Buffer> {
  const background = { r: (number * 37) % 256, g: (number * 91) % 256, b: (number * 13) % 256 };
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

/** Writes files below a folder: content by relative path. */
export async function writeFiles(
  root: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** Writes `count` pictures, `0.jpg` and so on, into each of some folders below a root. */
export async function writePictures(
  root: string,
  folders: readonly string[],
  count: number,
  ending = '.jpg',
): Promise<void> {
  for (const [row, folder] of folders.entries()) {
    for (let number = 0; number < count; number++) {
      const content = await paintPicture(row * count + number);
      await writeFiles(root, { [`${folder}/${number}${ending}`]: content });
    }
  }
}
