/** Where the images of a picture are: a grid of equal cells, row by row; sizes in pixels of the picture. */
export interface GridCells {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly count: number;
  /** Of one image as it is stored. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the picture per pixel of an image and side. */
  readonly scale: number;
  /** Between two images. */
  readonly gap: number;
}
