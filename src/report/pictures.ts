import sharp from 'sharp';
import { writeFileAtomic } from '../core/files.js';
import type { GridCells } from '../core/grid-cells.js';
import type { ImageShape } from '../core/image-shape.js';
import { escapeText, fontFamily, textWidth } from './svg.js';

/** Some images, laid out in rows of equal length. */
export interface ImagePanel {
  /** `[n, channels, height, width]`, in [0, 1]; what lies outside is clamped. */
  readonly pixels: Float32Array;
  readonly columns: number;
  /** Written above the panel. */
  readonly caption?: string;
}

export interface PictureOptions {
  /** Images of three channels or more show the first three as red, green and blue; others show the first as grey. */
  readonly shape: ImageShape;
  /** Written to the left of the rows, from the top. */
  readonly rowLabels?: readonly string[];
  /** Whole number of screen pixels per image pixel and side; by default what brings an image to about 64 pixels. */
  readonly scale?: number;
  /** The PNG file to write. Its folder must exist. */
  readonly path: string;
}

const gap = 3;
const panelGap = 24;
const margin = 12;
const fontSize = 13;
const captionHeight = 24;

/**
 * Writes images as one PNG: a grid on white, one row after the other, each image enlarged to whole pixels. Labels are
 * left off where the system has no fonts.
 * @returns where the images are in the picture
 * @throws RangeError when the pixels are not whole images of the shape.
 */
export async function writeImageGrid(options: PictureOptions & ImagePanel): Promise<GridCells> {
  const { pixels, columns, caption, ...rest } = options;
  const panel = { pixels, columns, ...(caption === undefined ? {} : { caption }) };
  const { cells, scale } = await writePanels({ ...rest, panels: [panel] });
  const { height, width } = options.shape;
  const [{ left, top } = { left: 0, top: 0 }] = cells;
  return { left, top, columns, count: cells.length, width, height, scale, gap };
}

/**
 * Writes several grids side by side as one PNG, each below its caption, sharing the row labels: the start of a
 * distillation beside its result, for example. Otherwise as `writeImageGrid`.
 */
export async function writeComparison(
  options: PictureOptions & { readonly panels: readonly ImagePanel[] },
): Promise<void> {
  await writePanels(options);
}

async function writePanels(
  options: PictureOptions & { readonly panels: readonly ImagePanel[] },
): Promise<Layout> {
  const withText = await canDrawText();
  const layout = layOut(options.panels, options, withText);
  const canvas = new Uint8Array(layout.width * layout.height * 3).fill(255);
  for (const cell of layout.cells) paint(canvas, layout.width, cell, options.shape, layout.scale);
  const size = { width: layout.width, height: layout.height };
  let picture = sharp(canvas, { raw: { ...size, channels: 3 } });
  if (layout.texts.length > 0) {
    picture = picture.composite([{ input: Buffer.from(textLayer(layout.texts, size)) }]);
  }
  const file = await picture.removeAlpha().png({ compressionLevel: 9 }).toBuffer();
  writeFileAtomic(options.path, file);
  return layout;
}

interface Cell {
  readonly pixels: Float32Array;
  readonly left: number;
  readonly top: number;
}

interface PlacedText {
  readonly content: string;
  readonly x: number;
  /** The middle of the line. */
  readonly y: number;
  readonly anchor: 'start' | 'end';
}

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly cells: readonly Cell[];
  readonly texts: readonly PlacedText[];
}

function layOut(panels: readonly ImagePanel[], options: PictureOptions, withText: boolean): Layout {
  const { shape } = options;
  const scale = options.scale ?? Math.max(1, Math.round(64 / Math.max(shape.height, shape.width)));
  const stepX = shape.width * scale + gap;
  const stepY = shape.height * scale + gap;
  const labels = withText ? (options.rowLabels ?? []) : [];
  const labelWidth = Math.max(0, ...labels.map((label) => textWidth(label, fontSize) + 8));
  const hasCaption = withText && panels.some(({ caption }) => caption !== undefined);
  const top = margin + (hasCaption ? captionHeight : 0);
  const cells: Cell[] = [];
  const texts: PlacedText[] = [];
  let left = margin + Math.ceil(labelWidth);
  labels.forEach((content, row) => {
    const y = top + row * stepY + (stepY - gap) / 2;
    texts.push({ content, x: left - 10, y, anchor: 'end' });
  });
  let rows = 0;
  for (const { pixels, columns, caption } of panels) {
    const images = imagesOf(pixels, shape);
    images.forEach((image, index) => {
      const row = Math.floor(index / columns);
      cells.push({ pixels: image, left: left + (index % columns) * stepX, top: top + row * stepY });
    });
    rows = Math.max(rows, Math.ceil(images.length / columns));
    if (withText && caption !== undefined) {
      texts.push({ content: caption, x: left, y: margin + 8, anchor: 'start' });
    }
    const captionWidth = withText ? Math.ceil(textWidth(caption ?? '', fontSize)) : 0;
    left += Math.max(columns * stepX - gap, captionWidth) + panelGap;
  }
  const width = left - panelGap + margin;
  return { width, height: top + rows * stepY - gap + margin, scale, cells, texts };
}

function imagesOf(pixels: Float32Array, shape: ImageShape): Float32Array[] {
  const size = shape.channels * shape.height * shape.width;
  if (pixels.length === 0 || pixels.length % size !== 0) {
    const { channels, height, width } = shape;
    throw new RangeError(
      `Expected a whole number of images of shape [${channels}, ${height}, ${width}] (${size} values each), got ${pixels.length} values.`,
    );
  }
  return Array.from({ length: pixels.length / size }, (_, index) =>
    pixels.subarray(index * size, (index + 1) * size),
  );
}

function paint(
  canvas: Uint8Array,
  canvasWidth: number,
  cell: Cell,
  shape: ImageShape,
  scale: number,
): void {
  const plane = shape.height * shape.width;
  for (let colour = 0; colour < 3; colour += 1) {
    const offset = shape.channels >= 3 ? colour * plane : 0;
    for (let y = 0; y < shape.height * scale; y += 1) {
      const source = offset + Math.floor(y / scale) * shape.width;
      const target = ((cell.top + y) * canvasWidth + cell.left) * 3 + colour;
      for (let x = 0; x < shape.width * scale; x += 1) {
        const value = cell.pixels[source + Math.floor(x / scale)]!;
        canvas[target + x * 3] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
}

function textLayer(
  texts: readonly PlacedText[],
  { width, height }: { width: number; height: number },
): string {
  const lines = texts.map(
    ({ content, x, y, anchor }) =>
      `<text x="${x}" y="${y + fontSize * 0.36}" text-anchor="${anchor}">${escapeText(content)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="${fontFamily}" font-size="${fontSize}" fill="#333333">${lines.join('')}</svg>`;
}

let fontCheck: Promise<boolean> | undefined;

/** Whether letters come out: without fonts they are blank, or all the same empty box. Found out once. */
function canDrawText(): Promise<boolean> {
  fontCheck ??= Promise.all(['i', 'W'].map(drawLetter)).then(
    ([narrow, wide]) => !isBlank(narrow!) && !isBlank(wide!) && !narrow!.equals(wide!),
    () => false,
  );
  return fontCheck;
}

function drawLetter(letter: string): Promise<Buffer> {
  const size = { width: 32, height: 24 };
  const layer = textLayer([{ content: letter, x: 4, y: 12, anchor: 'start' }], size);
  return sharp(Buffer.from(layer)).ensureAlpha().raw().toBuffer();
}

function isBlank(pixels: Buffer): boolean {
  return pixels.every((value) => value === 0);
}
