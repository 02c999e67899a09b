import type { Normalization } from '../../core/image-shape.js';

/** Mean and standard deviation of ImageNet's pixels, as every project states them. */
export const imageNetNormalization: Normalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** A class of ImageNet (ILSVRC 2012). */
export interface ImageNetClass {
  /** WordNet id, the name of the class's folder. */
  readonly wnid: string;
  /** Position among the 1,000 classes sorted by id, 0..999. */
  readonly index: number;
  readonly name: string;
}

/**
 * Which definition of the subsets. They differ in two classes:
 * - `mtt`: Cazenavette et al., "Dataset Distillation by Matching Training Trajectories" (CVPR 2022), where the four
 *   subsets other than Nette and Woof were introduced; most papers use it.
 * - `ncfm`: the lists in the official project of NCFM, which its published accuracies were measured with.
 *   ImageFruit has the custard apple in place of the Granny Smith, and ImageYellow another garden spider.
 */
export type SubsetDefinition = 'mtt' | 'ncfm';

type Row = readonly [wnid: string, index: number, name: string];

/** ImageNette and ImageWoof are fast.ai's; the order of the classes is that of `mtt`, and so are the labels. */
const subsets = {
  imagenette: [
    ['n01440764', 0, 'tench'],
    ['n02102040', 217, 'English springer'],
    ['n02979186', 482, 'cassette player'],
    ['n03000684', 491, 'chain saw'],
    ['n03028079', 497, 'church'],
    ['n03394916', 566, 'French horn'],
    ['n03417042', 569, 'garbage truck'],
    ['n03425413', 571, 'gas pump'],
    ['n03445777', 574, 'golf ball'],
    ['n03888257', 701, 'parachute'],
  ],
  imagewoof: [
    ['n02096294', 193, 'Australian terrier'],
    ['n02093754', 182, 'Border terrier'],
    ['n02111889', 258, 'Samoyed'],
    ['n02088364', 162, 'beagle'],
    ['n02086240', 155, 'Shih-Tzu'],
    ['n02089973', 167, 'English foxhound'],
    ['n02087394', 159, 'Rhodesian ridgeback'],
    ['n02115641', 273, 'dingo'],
    ['n02099601', 207, 'golden retriever'],
    ['n02105641', 229, 'Old English sheepdog'],
  ],
  imagefruit: [
    ['n07753275', 953, 'pineapple'],
    ['n07753592', 954, 'banana'],
    ['n07745940', 949, 'strawberry'],
    ['n07747607', 950, 'orange'],
    ['n07749582', 951, 'lemon'],
    ['n07768694', 957, 'pomegranate'],
    ['n07753113', 952, 'fig'],
    ['n07720875', 945, 'bell pepper'],
    ['n07718472', 943, 'cucumber'],
    ['n07742313', 948, 'Granny Smith'],
  ],
  imagemeow: [
    ['n02123045', 281, 'tabby'],
    ['n02123159', 282, 'tiger cat'],
    ['n02123394', 283, 'Persian cat'],
    ['n02123597', 284, 'Siamese cat'],
    ['n02124075', 285, 'Egyptian cat'],
    ['n02129165', 291, 'lion'],
    ['n02129604', 292, 'tiger'],
    ['n02128925', 290, 'jaguar'],
    ['n02128757', 289, 'snow leopard'],
    ['n02127052', 287, 'lynx'],
  ],
  imagesquawk: [
    ['n01806143', 84, 'peacock'],
    ['n02007558', 130, 'flamingo'],
    ['n01818515', 88, 'macaw'],
    ['n02051845', 144, 'pelican'],
    ['n02056570', 145, 'king penguin'],
    ['n01614925', 22, 'bald eagle'],
    ['n01843383', 96, 'toucan'],
    ['n01518878', 9, 'ostrich'],
    ['n01860187', 100, 'black swan'],
    ['n01819313', 89, 'sulphur-crested cockatoo'],
  ],
  imageyellow: [
    ['n02206856', 309, 'bee'],
    ['n12057211', 986, "yellow lady's slipper"],
    ['n07753592', 954, 'banana'],
    ['n07749582', 951, 'lemon'],
    ['n12144580', 987, 'corn'],
    ['n04146614', 779, 'school bus'],
    ['n03530642', 599, 'honeycomb'],
    ['n02129165', 291, 'lion'],
    ['n01773157', 72, 'black and gold garden spider'],
    ['n01531178', 11, 'goldfinch'],
  ],
} as const satisfies Readonly<Record<string, readonly Row[]>>;

export type ImageNetSubsetName = keyof typeof subsets;

export const imageNetSubsetNames = Object.keys(subsets) as readonly ImageNetSubsetName[];

/** What the `ncfm` definition has in place of a class. */
const ncfmReplacements: Readonly<Record<string, Row>> = {
  n07742313: ['n07760859', 956, 'custard apple'],
  n01773157: ['n01773797', 74, 'garden spider'],
};

/**
 * The ten classes of a subset, in the order of their labels.
 *
 * @param definition default: `mtt`.
 */
export function imageNetSubsetClasses(
  name: ImageNetSubsetName,
  definition: SubsetDefinition = 'mtt',
): readonly ImageNetClass[] {
  return subsets[name].map((row) => {
    const [wnid, index, label] = definition === 'ncfm' ? (ncfmReplacements[row[0]] ?? row) : row;
    return { wnid, index, name: label };
  });
}
