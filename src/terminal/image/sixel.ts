interface RawPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

interface Palette {
  readonly colours: readonly (readonly [red: number, green: number, blue: number])[];
  readonly indexOf: (red: number, green: number, blue: number) => number;
}

/** Rows to a band. */
const bandRows = 6;

/**
 * A picture as DEC's sixels: bands of six rows, in each of them for every colour one character a column. Grey pictures have
 * 64 levels of grey, others 8 levels of red and green and 4 of blue.
 * @param pixels red, green and blue of each pixel, in 0 to 255, with as many more channels as there are
 */
export function sixels(pixels: Buffer, picture: RawPicture): string {
  const { width, height, channels } = picture;
  const palette = isGrey(pixels, channels) ? greys : cube;
  const indices = Uint8Array.from({ length: width * height }, (_, at) => {
    const [red, green, blue] = pixels.subarray(at * channels, at * channels + 3);
    return palette.indexOf(red!, green!, blue!);
  });
  const registers = palette.colours
    .map((colour, index) => `#${index};2;${colour.map((one) => Math.round(one / 2.55)).join(';')}`)
    .join('');
  const bands = Array.from({ length: Math.ceil(height / bandRows) }, (_, band) =>
    bandOf(indices, picture, band * bandRows),
  );
  return `\u001bPq"1;1;${width};${height}${registers}${bands.join('-')}\u001b\\`;
}

function bandOf(indices: Uint8Array, { width, height }: RawPicture, top: number): string {
  const rows = Math.min(bandRows, height - top);
  const used = new Set(indices.subarray(top * width, (top + rows) * width));
  const lines = [...used].map((colour) => {
    const codes = Array.from({ length: width }, (_, x) => {
      let bits = 0;
      for (let y = 0; y < rows; y++) {
        if (indices[(top + y) * width + x] === colour) bits |= 1 << y;
      }
      return String.fromCharCode(63 + bits);
    });
    return `#${colour}${shortened(codes)}`;
  });
  return lines.join('$');
}

/** Four or more of one character are written as their number. */
function shortened(codes: readonly string[]): string {
  return codes.join('').replaceAll(/(.)\1{3,}/g, (run, code: string) => `!${run.length}${code}`);
}

function isGrey(pixels: Buffer, channels: number): boolean {
  for (let at = 0; at < pixels.length; at += channels) {
    if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return false;
  }
  return true;
}

const greys: Palette = {
  colours: Array.from({ length: 64 }, (_, level) => {
    const value = (level * 255) / 63;
    return [value, value, value] as const;
  }),
  indexOf: (red) => red >> 2,
};

const cube: Palette = {
  colours: Array.from({ length: 256 }, (_, index) => [
    ((index >> 5) * 255) / 7,
    (((index >> 2) & 7) * 255) / 7,
    ((index & 3) * 255) / 3,
  ]),
  indexOf: (red, green, blue) => ((red >> 5) << 5) | ((green >> 5) << 2) | (blue >> 6),
};
