import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { protocolOf } from '../../terminal/image/protocol.js';
import { ncfm } from '../testing/capture.js';

/** A folder with a picture of four colours, and its file. */
async function runWithPicture() {
  const folder = temporaryFolder();
  const file = join(folder, 'images.png');
  const pixels = Buffer.alloc(20 * 8 * 3);
  for (let at = 0; at < 160; at++) {
    pixels.set([at % 20 < 10 ? 255 : 0, at < 80 ? 255 : 0, 0], at * 3);
  }
  await sharp(pixels, { raw: { width: 20, height: 8, channels: 3 } })
    .png()
    .toFile(file);
  return { folder, file, pixels };
}

const rawOf = async (png: Buffer) => await sharp(png).removeAlpha().raw().toBuffer();

/** What is sent, with signs for the characters that control a terminal. */
function visible(text: string): string {
  return text.replaceAll('\u001b', '␛').replaceAll('\u0007', '␇');
}

/** The pixels of sixels, as a terminal paints them. */
function painted(text: string, width: number, height: number): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  const [, body] = /^␛Pq"1;1;\d+;\d+(.*)␛\\\n$/s.exec(visible(text))!;
  const colours = new Map<number, number[]>();
  let [x, top, colour] = [0, 0, 0];
  const tokens = /#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)(.)|([$-])|(.)/gs;
  for (const [, index, red, green, blue, count, repeated, move, code] of body!.matchAll(tokens)) {
    if (red !== undefined) colours.set(Number(index), [red, green!, blue!].map(Number));
    else if (index !== undefined) colour = Number(index);
    else if (move !== undefined) [x, top] = [0, move === '-' ? top + 6 : top];
    else {
      const bits = (repeated ?? code)!.charCodeAt(0) - 63;
      for (let times = 0; times < Number(count ?? 1); times++, x++) {
        for (let y = 0; y < 6; y++) {
          const values = colours.get(colour)!.map((one) => Math.round(one * 2.55));
          if (bits & (1 << y)) pixels.set(values, ((top + y) * width + x) * 3);
        }
      }
    }
  }
  return pixels;
}

describe('ncfm show', () => {
  it('says where the picture is, where no terminal can show it', async () => {
    const { folder, file } = await runWithPicture();
    const { exitCode, stdout } = await ncfm('show', folder, '--json');
    expect({ exitCode, picture: JSON.parse(stdout).picture }).toEqual({
      exitCode: 0,
      picture: file,
    });
    expect((await ncfm('show', folder)).stdout).toMatch(/images\.png\n$/);
  });

  it('sends the picture to kitty, in pieces that it takes', async () => {
    const { folder, pixels } = await runWithPicture();
    const { stdout } = await ncfm('show', folder, '--as', 'kitty');
    const pieces = [...visible(stdout).matchAll(/␛_G([^;]*);([^␛]*)␛\\/g)];
    expect(pieces[0]![1]).toMatch(/^a=T,f=100,m=/);
    expect(pieces.at(-1)![1]).toMatch(/m=0$/);
    for (const [, , text] of pieces) expect(text!.length).toBeLessThanOrEqual(4096);
    const png = Buffer.from(pieces.map(([, , text]) => text).join(''), 'base64');
    expect(await rawOf(png)).toEqual(pixels);
  });

  it('sends the picture to iTerm2', async () => {
    const { folder, pixels } = await runWithPicture();
    const { stdout } = await ncfm('show', folder, '--as', 'iterm2');
    const [, size, text] = /^␛\]1337;File=inline=1;size=(\d+):(.*)␇\n$/.exec(visible(stdout))!;
    const png = Buffer.from(text!, 'base64');
    expect(png.length).toBe(Number(size));
    expect(await rawOf(png)).toEqual(pixels);
  });

  it('paints it as sixels, a last band of fewer than six rows included', async () => {
    const { folder, pixels } = await runWithPicture();
    const { stdout } = await ncfm('show', folder, '--as', 'sixel');
    expect(painted(stdout, 20, 8)).toEqual(pixels);
  });

  it('says what is missing where there is no picture', async () => {
    expect(await ncfm('show', temporaryFolder())).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('holds no picture yet'),
    });
  });

  it.each([
    [{ TERM: 'xterm-kitty' }, 'kitty'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app' }, 'iterm2'],
    [{ TERM: 'foot' }, 'sixel'],
    [{ TERM: 'tmux-256color', KITTY_WINDOW_ID: '1' }, undefined],
    [{ TERM: 'xterm-256color' }, undefined],
  ])('%j takes pictures as %s', (environment, protocol) => {
    expect(protocolOf(environment)).toBe(protocol);
  });
});
