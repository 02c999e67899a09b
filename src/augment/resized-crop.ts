import type { Affine } from './affine.js';
import type { ImageSize } from './images.js';
import type { Uniforms } from './uniforms.js';

/** Numbers that a crop takes: of ten sizes, and of its place. */
export const uniformsPerResizedCrop = 22;

const aspects = { least: 3 / 4, most: 4 / 3 };

/**
 * A crop at a random place as the map that shows it at the image's full size. Its area is uniform in [least, 1] of the
 * image's, its width over its height log-uniform in [3/4, 4/3]; after ten sizes that do not fit it is the largest in the
 * middle with such an aspect (torchvision's RandomResizedCrop).
 */
export function drawResizedCrop(image: ImageSize, least: number, next: Uniforms): Affine {
  const sizes = Array.from({ length: 10 }, () => drawSize(image, least, next));
  const [down, across] = [next(), next()];
  const size = sizes.find(({ height, width }) => height <= image.height && width <= image.width);
  if (size === undefined) return show(image, largest(image), 0.5, 0.5);
  const places = { rows: image.height - size.height, columns: image.width - size.width };
  const top = Math.floor(down * (places.rows + 1)) / Math.max(places.rows, 1);
  const left = Math.floor(across * (places.columns + 1)) / Math.max(places.columns, 1);
  return show(image, size, top, left);
}

function drawSize({ height, width }: ImageSize, least: number, next: Uniforms): ImageSize {
  const area = height * width * (least + next() * (1 - least));
  const aspect = aspects.least * (aspects.most / aspects.least) ** next();
  return {
    height: Math.max(1, Math.round(Math.sqrt(area / aspect))),
    width: Math.max(1, Math.round(Math.sqrt(area * aspect))),
  };
}

function largest({ height, width }: ImageSize): ImageSize {
  return {
    height: Math.min(height, Math.round(width / aspects.least)),
    width: Math.min(width, Math.round(height * aspects.most)),
  };
}

/** `top` and `left`: the shares of the free rows and columns that lie before the crop. */
function show(image: ImageSize, crop: ImageSize, top: number, left: number): Affine {
  const [vertical, horizontal] = [crop.height / image.height, crop.width / image.width];
  return [
    horizontal,
    0,
    (2 * left - 1) * (1 - horizontal),
    0,
    vertical,
    (2 * top - 1) * (1 - vertical),
  ];
}
