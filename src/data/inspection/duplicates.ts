import { createHash } from 'node:crypto';
import type { LabelledPart, Pixels } from '../dataset/dataset.js';

/** An image that occurs more than once, pixel for pixel. */
export interface DuplicateGroup {
  readonly images: readonly {
    readonly split: string;
    readonly index: number;
    readonly label: number;
  }[];
  /** The same picture is in more than one class. */
  readonly labelsDiffer: boolean;
  /** The same picture is in more than one part: what is tested was trained on. */
  readonly crossesParts: boolean;
}

export interface DuplicateSummary {
  /** Images that repeat an earlier one of the same part. */
  readonly withinParts: number;
  /** Images that are in an earlier part too. */
  readonly acrossParts: number;
  /** Pictures that are in more than one class. */
  readonly withDifferentLabels: number;
  /** The first of them, those that matter most first: across parts, then with different labels. */
  readonly groups: readonly DuplicateGroup[];
}

type Part = Pick<LabelledPart, 'split' | 'shape' | 'labels'>;

interface Occurrence {
  readonly part: number;
  readonly index: number;
}

/** Finds pictures that were seen before, by a hash of their pixels. */
export class DuplicateFinder {
  readonly #parts: readonly Part[];
  readonly #first = new Map<string, Occurrence>();
  readonly #repeated = new Map<string, Occurrence[]>();

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** Adds the image at an index of a part. Images must come in the order of the parts. */
  add(part: number, index: number, image: Pixels): void {
    const { channels, height, width } = this.#parts[part]!.shape;
    const bytes = new Uint8Array(image.buffer, image.byteOffset, image.byteLength);
    const hash = createHash('sha256').update(`${channels}x${height}x${width} `).update(bytes);
    // 132 bits are plenty against chance, and half the memory.
    const key = hash.digest('base64url').slice(0, 22);
    const occurrence = { part, index };
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, occurrence);
      return;
    }
    const group = this.#repeated.get(key);
    if (group === undefined) this.#repeated.set(key, [first, occurrence]);
    else group.push(occurrence);
  }

  /** @param most how many groups to give in full. */
  summary(most: number): DuplicateSummary {
    let withinParts = 0;
    let acrossParts = 0;
    const groups: DuplicateGroup[] = [];
    for (const occurrences of this.#repeated.values()) {
      const parts = new Set<number>();
      for (const { part } of occurrences) {
        if (parts.has(part)) withinParts += 1;
        else if (parts.size > 0) acrossParts += 1;
        parts.add(part);
      }
      groups.push(this.#describe(occurrences, parts.size > 1));
    }
    const weight = (group: DuplicateGroup): number =>
      2 * Number(group.crossesParts) + Number(group.labelsDiffer);
    return {
      withinParts,
      acrossParts,
      withDifferentLabels: groups.filter(({ labelsDiffer }) => labelsDiffer).length,
      groups: groups.sort((one, other) => weight(other) - weight(one)).slice(0, most),
    };
  }

  #describe(occurrences: readonly Occurrence[], crossesParts: boolean): DuplicateGroup {
    const images = occurrences.map(({ part, index }) => {
      const { split, labels } = this.#parts[part]!;
      return { split, index, label: labels[index]! };
    });
    const labelsDiffer = new Set(images.map(({ label }) => label)).size > 1;
    return { images, labelsDiffer, crossesParts };
  }
}
