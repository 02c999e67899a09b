import { FailureError } from '../core/errors.js';

/** How well a network classifies a set of images. Shares are in percent of the images. */
export interface TestMetrics {
  /** Images whose class has the highest score. */
  readonly accuracy: number;
  /** Images whose class is among the five highest scores; absent with five classes or fewer. */
  readonly topFive?: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Expected calibration error: how far confidence and accuracy are apart, in percentage points. */
  readonly calibrationError: number;
  /** Accuracy among the images of each class; null for a class without images. */
  readonly perClass: readonly (number | null)[];
  /** Counts of images: row the class, column the prediction. */
  readonly confusion: readonly (readonly number[])[];
}

/** Bins of equal width that confidences are sorted into, as Guo et al. (2017) have them. */
const calibrationBins = 15;

export class MetricsCollector {
  readonly #classes: number;
  readonly #confusion: number[][];
  readonly #bins = Array.from({ length: calibrationBins }, () => ({
    images: 0,
    confidence: 0,
    correct: 0,
  }));
  #images = 0;
  #amongFive = 0;
  #loss = 0;

  constructor(classes: number) {
    this.#classes = classes;
    this.#confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  }

  /**
   * Adds a batch. Throws FailureError for scores that are not numbers: the network's last step made it useless.
   *
   * @param logProbabilities [n, classes], row by row, in nats
   * @param labels [n], each from 0 to classes − 1
   */
  add(logProbabilities: Float32Array, labels: Int32Array): void {
    for (const [index, label] of labels.entries()) {
      const row = logProbabilities.subarray(index * this.#classes, (index + 1) * this.#classes);
      this.#addOne(row, label);
    }
  }

  #addOne(row: Float32Array, label: number): void {
    const own = row[label]!;
    if (Number.isNaN(own)) {
      throw new FailureError(
        "training diverged: the network's scores are not numbers; try a smaller learning rate",
      );
    }
    let predicted = 0;
    let ahead = 0;
    for (const [index, value] of row.entries()) {
      if (value > row[predicted]!) predicted = index;
      // Of equal scores the lower class comes first, as it does for the prediction.
      if (value > own || (value === own && index < label)) ahead += 1;
    }
    const confidence = Math.exp(row[predicted]!);
    const correct = predicted === label ? 1 : 0;
    const position = Math.ceil(confidence * calibrationBins) - 1;
    const bin = this.#bins[Math.min(calibrationBins - 1, Math.max(0, position))]!;
    bin.images += 1;
    bin.confidence += confidence;
    bin.correct += correct;
    this.#confusion[label]![predicted]! += 1;
    this.#images += 1;
    this.#loss -= own;
    if (ahead < 5) this.#amongFive += 1;
  }

  /** The metrics of all batches. Throws RangeError when there were none. */
  result(): TestMetrics {
    const images = this.#images;
    if (images === 0) throw new RangeError('no images were classified');
    const correct = this.#confusion.reduce((sum, row, label) => sum + row[label]!, 0);
    const gaps = this.#bins.map((bin) => Math.abs(bin.confidence - bin.correct));
    const share = (count: number): number => (100 * count) / images;
    return {
      accuracy: share(correct),
      ...(this.#classes > 5 && { topFive: share(this.#amongFive) }),
      loss: this.#loss / images,
      calibrationError: share(gaps.reduce((sum, gap) => sum + gap, 0)),
      perClass: this.#confusion.map((row, label) => {
        const own = row.reduce((sum, count) => sum + count, 0);
        return own === 0 ? null : (100 * row[label]!) / own;
      }),
      confusion: this.#confusion.map((row) => [...row]),
    };
  }
}
