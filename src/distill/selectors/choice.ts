/** Some of a class's images. */
export interface Choice {
  /** The most wanted first, none twice. */
  readonly positions: Int32Array;
  /** What the selector makes as small as it can; see each. */
  readonly loss: number;
}
