/** The fonts of charts and pictures: the reader's own first, then those that Linux and macOS have. */
export const fontFamily =
  "system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";

/** Okabe and Ito's palette, which readers of every kind of colour vision can tell apart; repeats after seven. */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#444444'];

/** The colour of the series or bar at `index`. */
export function colourOf(index: number): string {
  return palette[index % palette.length]!;
}

/** Attributes of an element, by name; `undefined` leaves one out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One SVG element. `content` is markup already; plain text goes through `escapeText` or `text`. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeText(coordinate(value!))}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** A line of text anchored at (x, y), its baseline. The text is escaped. */
export function text(content: string, x: number, y: number, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(content));
}

/** A whole drawing of `width` × `height` pixels on white, named `title` to screen readers. */
export function drawing(title: string, width: number, height: number, content: string): string {
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': fontFamily,
    'font-size': 13,
    fill: '#333333',
  };
  const name = element('title', {}, escapeText(title) || ' ');
  const background = element('rect', { width, height, fill: '#ffffff' });
  return element('svg', root, `${name}${background}${content}`);
}

/** A guess at the width of a line of text in pixels, generous enough to keep neighbours apart. */
export function textWidth(content: string, fontSize: number): number {
  return [...content].length * fontSize * 0.6;
}

/** Text made safe for SVG content and attributes; characters that XML cannot hold at all are dropped. */
export function escapeText(content: string): string {
  return (
    content
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids exactly these.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
  );
}

function coordinate(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
}
