import { z } from 'zod';
import type { OwnChoice } from '../core/definitions.js';
import {
  choice,
  flag,
  growing,
  integer,
  mapping,
  oneOf,
  strength,
  variants,
} from '../core/fields.js';
import { ofDefined, ownChoice } from '../core/own-schema.js';
import { ownAugmentations } from './define.js';

/** An augmentation of the user's own: its name, or a mapping of name and options. */
export const ownAugmentation = growing<OwnChoice, string | OwnChoice>(
  ofDefined(
    () => ownAugmentations.all,
    (definitions) => {
      const [first, ...others] = definitions.map(ownChoice);
      const names = definitions.map(({ name }) => name);
      const known = names.length === 0 ? 'there is none yet' : oneOf(names);
      const error = `the name of an augmentation that a module of imports defines (${known})`;
      const named = z.enum(names, { error }).transform((name) => ownAugmentations.get(name).with());
      if (first === undefined) return z.never({ error });
      return z.union([named, variants('name', names, [first, ...others])], { error });
    },
  ),
);

const families = {
  flip: flag().default(false),
  brightness: strength({ from: 0, to: 10 }).default(null),
  saturation: strength({ from: 0, to: 10 }).default(null),
  contrast: strength({ from: 0, to: 10 }).default(null),
  crop: strength({ from: 0, to: 1 }).default(null),
  scale: strength({ from: 1, to: 10 }).default(null),
  rotate: strength({ from: 0, to: 180 }).default(null),
  cutout: strength({ from: 0, to: 1 }).default(null),
  choose: choice(['all', 'one']).default('all'),
};

const namedAugmentation = "a mapping of keys, or the word 'official', 'dsa' or 'none'";

/** How the images that a network is trained on are augmented. */
export const trainingAugmentation = mapping(
  {
    ...families,
    geometry: choice(['one', 'all', 'none']).default('none'),
    bands: integer({ from: 1, to: 64 }).nullable().default(null),
    resizedCrop: strength({ from: 0.01, to: 1 }).default(null),
    own: z.exactOptional(ownAugmentation),
  },
  namedAugmentation,
);

/** How real and synthetic images are augmented alike where they are compared. */
export const matchingAugmentation = mapping(
  { ...families, own: z.exactOptional(ownAugmentation) },
  namedAugmentation,
);
