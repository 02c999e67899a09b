import { isDeepStrictEqual } from 'node:util';
import {
  CodeDefinition,
  type CodeIdentity,
  Definitions,
  type OwnChoice,
  type OwnOptions,
  UsageError,
  type Widened,
} from '../core/index.js';
import type { RandomGenerator, Tensor } from '../tensor/index.js';
import type { ImageSize } from './images.js';

/** What was drawn for an augmentation: plain data, as JSON has it, because checkpoints keep it. */
export type DrawnValues =
  | number
  | string
  | boolean
  | null
  | readonly DrawnValues[]
  | { readonly [name: string]: DrawnValues };

/**
 * An augmentation in two halves, so that real and synthetic images can be changed alike. In matching there is one draw for
 * the images of a class, in the training of a network one for a batch.
 */
export interface AugmentationSource<Options extends OwnOptions, Drawn extends DrawnValues>
  extends CodeIdentity {
  /** The options that a configuration may give, with their defaults, which also say of what kind each is. */
  readonly options?: Options;
  /** Draws what will happen to images of this size. */
  draw(options: Options, image: ImageSize, random: RandomGenerator): Drawn;
  /**
   * Applies it to normalised images [n, c, h, w], giving as many of the same size. Differentiable, and to each image on
   * its own: n is any part of the images that share a draw.
   */
  apply(images: Tensor, drawn: Drawn): Tensor;
}

/** A draw of an augmentation of one's own. */
export interface OwnDraw {
  readonly name: string;
  readonly drawn: DrawnValues;
}

/** An augmentation of one's own that has been defined; see `defineAugmentation`. */
export class AugmentationDefinition<
  Options extends OwnOptions = OwnOptions,
  Drawn extends DrawnValues = DrawnValues,
> extends CodeDefinition<Options> {
  readonly #source: AugmentationSource<Options, Drawn>;

  constructor(name: string, source: AugmentationSource<Options, Drawn>) {
    super('augmentation', name, source);
    this.#source = source;
  }

  /** @throws UsageError when the options are for other code, or what was drawn is no plain data */
  draw(choice: Partial<OwnChoice>, image: ImageSize, random: RandomGenerator): OwnDraw {
    const drawn = this.#source.draw(this.optionsOf(choice), image, random);
    if (drawn !== undefined && isDeepStrictEqual(JSON.parse(JSON.stringify(drawn)), drawn)) {
      return { name: this.name, drawn };
    }
    throw new UsageError(
      `the augmentation '${this.name}': draw must return plain data (finite numbers, texts, lists, mappings), which checkpoints keep`,
    );
  }

  /** @throws UsageError when the result has another shape than the images */
  apply(images: Tensor, { drawn }: OwnDraw): Tensor {
    const result = this.#source.apply(images, drawn as Drawn);
    if (result.shape.join() === images.shape.join()) return result;
    throw new UsageError(
      `the augmentation '${this.name}': apply gave [${result.shape.join(', ')}] for images [${images.shape.join(', ')}]; it must keep their shape`,
    );
  }
}

const definitions = new Definitions<AugmentationDefinition>('augmentation', (name) =>
  ['official', 'dsa', 'none'].includes(name),
);

/**
 * Makes an augmentation of one's own known by a name, so that configurations, options and worker processes can have it,
 * after the built-in ones or in place of them. What is computed with it is found again only as long as its code is the
 * same: that of `module`, or `version`.
 *
 * @returns the definition, to be given where an augmentation is asked for; `with` gives it with other options
 * @throws UsageError for a name that is taken, options that are no plain values, or neither module nor version
 */
export function defineAugmentation<
  const Options extends OwnOptions,
  Drawn extends DrawnValues = DrawnValues,
>(
  name: string,
  source: AugmentationSource<Widened<Options>, Drawn> & { readonly options?: Options },
): AugmentationDefinition<Widened<Options>, Drawn> {
  const definition = new AugmentationDefinition<Widened<Options>, Drawn>(name, source);
  definitions.add(definition as unknown as AugmentationDefinition);
  return definition;
}

/** The augmentations that `defineAugmentation` has made known. */
export const ownAugmentations: Pick<
  Definitions<AugmentationDefinition>,
  'all' | 'get' | 'isFrom'
> = definitions;

/** A draw of the augmentation that is chosen; none where none is. */
export function drawOwn(
  choice: OwnChoice | undefined,
  image: ImageSize,
  random: RandomGenerator,
): { readonly own?: OwnDraw } {
  if (choice === undefined) return {};
  return { own: definitions.get(choice.name).draw(choice, image, random) };
}

/** Images [n, c, h, w] as a draw changes them. */
export function applyOwn(images: Tensor, draw: OwnDraw | undefined): Tensor {
  return draw === undefined ? images : definitions.get(draw.name).apply(images, draw);
}
