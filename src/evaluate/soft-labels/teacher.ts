import type { Dataset } from '../../data/index.js';
import type { ImageModel } from '../../models/index.js';
import { hashTensors, noGrad, scope, type Tensor } from '../../tensor/index.js';
import { type TestOptions, testClassifier } from '../../train/test-network.js';

/** Trained networks that give soft labels together. Owns them. */
export class Teacher implements Disposable {
  /** SHA-256 (hex, 16 digits) over the networks' parameters: another teacher has another. */
  readonly hash: string;
  readonly #networks: readonly ImageModel[];

  /** Throws RangeError without networks. */
  constructor(networks: readonly ImageModel[]) {
    if (networks.length === 0) throw new RangeError('a teacher needs at least one network');
    this.#networks = networks;
    this.hash = hashTensors(networks.flatMap((network) => [...network.state()])).slice(0, 16);
  }

  get size(): number {
    return this.#networks.length;
  }

  /**
   * The mean over the networks of softmax(scores / temperature): normalised images [n, c, h, w] → [n, classes], rows
   * that sum to 1; without gradients.
   */
  probabilities(images: Tensor, temperature: number): Tensor {
    return scope(() =>
      noGrad(() => {
        const each = this.#networks.map((network) =>
          scope(() => network.logits(images).div(temperature).logSoftmax(1).exp()),
        );
        return each.reduce((sum, one) => sum.add(one)).div(this.size);
      }),
    );
  }

  dispose(): void {
    for (const network of this.#networks) network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The share of a dataset's images that the teacher's mean distribution classifies correctly, in percent. */
export async function teacherAccuracy(
  teacher: Teacher,
  dataset: Dataset,
  options: TestOptions,
): Promise<number> {
  const classify = (images: Tensor): Tensor => teacher.probabilities(images, 1).log();
  return (await testClassifier(classify, dataset, options)).accuracy;
}
