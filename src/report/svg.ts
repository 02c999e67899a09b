/** The fonts of charts and pictures: the reader's own first, then those that Linux and macOS have. */
export const fontFamily =
  "system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";

/** A guess at the width of a line of text in pixels, generous enough to keep neighbours apart. */
export function textWidth(content: string, fontSize: number): number {
  return [...content].length * fontSize * 0.6;
}

/** Without the characters that XML cannot hold at all. */
export function dropForbidden(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids exactly these.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
}

/** Text made safe for SVG content and attributes. */
export function escapeText(content: string): string {
  return dropForbidden(content)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
