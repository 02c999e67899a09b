import { useEffect, useRef } from 'preact/hooks';
import type { SnapshotView } from '../../src/studio/view.js';

/** A part of a snapshot's picture, in its pixels. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where one image is in its picture. */
export function wholeOf(
  { columns, width, height }: Omit<SnapshotView, 'iteration'>,
  index: number,
): Area {
  return {
    x: (index % columns) * width,
    y: Math.floor(index / columns) * height,
    width,
    height,
  };
}

interface CropProps {
  readonly snapshot: Pick<SnapshotView, 'src'>;
  readonly area: Area;
  /** Width on the page, in its pixels. */
  readonly side: number;
  /** As networks are shown it, interpolated; or each pixel as it is. */
  readonly isSmooth?: boolean;
  readonly label: string;
}

/** A part of a picture by itself, enlarged. */
export function Crop({ snapshot: { src }, area, side, isSmooth = false, label }: CropProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { x, y, width, height } = area;
  const size = { width: side, height: Math.round((side * height) / width) };
  useEffect(() => {
    const picture = new Image();
    let isWanted = true;
    picture.onload = () => {
      const context = canvas.current?.getContext('2d');
      if (!isWanted || !context) return;
      context.imageSmoothingEnabled = isSmooth;
      context.drawImage(picture, x, y, width, height, 0, 0, size.width, size.height);
    };
    picture.src = src;
    return () => {
      isWanted = false;
    };
  }, [src, x, y, width, height, isSmooth, size.width, size.height]);
  return <canvas ref={canvas} {...size} role="img" aria-label={label} />;
}
