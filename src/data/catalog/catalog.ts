import type { FileHash } from '../download/integrity.js';
import type { CatalogEntry, CatalogFile, CatalogSource } from './catalog-entry.js';

// Where the sizes and hashes come from: the publishers' pages (MD5 of the CIFAR archives), the sources of torchvision
// (MNIST, Fashion-MNIST, SVHN, Imagenette) and the checksum lists of TensorFlow Datasets (sizes and SHA-256 of CIFAR,
// MNIST, Fashion-MNIST and SVHN) and of fastai (sizes of Imagenette and Imagewoof). No publisher gives a hash of Tiny
// ImageNet or Imagewoof: theirs is the one that several independent loaders record.

const idxNames = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

const houseNumbersUrl = 'http://ufldl.stanford.edu/housenumbers';

const imageNetTerms =
  'Excerpt of ImageNet: for non-commercial research and education, under the terms of image-net.org/download';

const cifar = {
  homepage: 'https://www.cs.toronto.edu/~kriz/cifar.html',
  terms: 'No licence stated; the publisher asks to cite Krizhevsky, 2009',
  images: { train: 50_000, test: 10_000 },
  size: '3 × 32 × 32',
};

/** Every dataset that can be had by name, in alphabetical order. */
export const catalog: readonly CatalogEntry[] = [
  {
    ...cifar,
    name: 'cifar-10',
    title: 'CIFAR-10: animals and vehicles',
    classes: 10,
    source: cifarArchive({
      name: 'cifar-10-binary.tar.gz',
      mirrors: ['https://cave.cs.toronto.edu/kriz'],
      size: 170_052_171,
      md5: 'c32a1d4ab5d03f1284b67883e8d87530',
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
      unpacksTo: 'cifar-10-batches-bin',
    }),
    layout: [
      ...[1, 2, 3, 4, 5].map((batch) => `cifar-10-batches-bin/data_batch_${batch}.bin`),
      'cifar-10-batches-bin/test_batch.bin',
      'cifar-10-batches-bin/batches.meta.txt',
    ],
  },
  {
    ...cifar,
    name: 'cifar-100',
    title: 'CIFAR-100: 100 kinds of things in 20 groups',
    classes: 100,
    source: cifarArchive({
      name: 'cifar-100-binary.tar.gz',
      size: 168_513_733,
      md5: '03b5dce01913d631647c71ecec9e9cb8',
      sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
      unpacksTo: 'cifar-100-binary',
    }),
    layout: ['train.bin', 'test.bin', 'fine_label_names.txt', 'coarse_label_names.txt'].map(
      (name) => `cifar-100-binary/${name}`,
    ),
  },
  {
    name: 'digits',
    title: 'Handwritten digits, small',
    homepage: 'https://doi.org/10.24432/C50P49',
    terms: 'CC BY 4.0, E. Alpaydin and C. Kaynak',
    classes: 10,
    images: { train: 1195, test: 602 },
    size: '1 × 8 × 8',
    source: { kind: 'package' },
    layout: [],
  },
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST: garments',
    homepage: 'https://github.com/zalandoresearch/fashion-mnist',
    terms: 'MIT, © 2017 Zalando SE',
    classes: 10,
    images: { train: 60_000, test: 10_000 },
    size: '1 × 28 × 28',
    source: {
      kind: 'download',
      files: idxFiles(
        ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com'],
        [
          [26_421_880, '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'],
          [29_515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'],
          [4_422_102, '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'],
          [5148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'],
        ],
      ),
      alternative:
        'on Debian and Ubuntu, apt-get install dataset-fashion-mnist puts it where ncfm finds it',
      installed: '/usr/share/datasets/fashion-mnist',
    },
    layout: idxNames.map((name) => `${name}.gz`),
  },
  {
    ...fastaiSubset('imagenette2-320', 341_663_724, '3df6f0d01a2c9592104656642f5e78a3'),
    name: 'imagenette',
    title: 'Imagenette, 320 px: ten easily told classes of ImageNet',
    homepage: 'https://github.com/fastai/imagenette',
    images: { train: 9469, test: 3925 },
  },
  {
    ...fastaiSubset('imagewoof2-320', 328_387_740, '0f46d997ec2264e97609196c95897a44'),
    name: 'imagewoof',
    title: 'Imagewoof, 320 px: ten breeds of dogs of ImageNet',
    homepage: 'https://github.com/fastai/imagenette#imagewoof',
    images: { train: 9025, test: 3929 },
  },
  {
    name: 'mnist',
    title: 'MNIST: handwritten digits',
    homepage: 'http://yann.lecun.com/exdb/mnist/',
    terms: 'No licence stated by the publishers (LeCun, Cortes and Burges); widely redistributed',
    classes: 10,
    images: { train: 60_000, test: 10_000 },
    size: '1 × 28 × 28',
    source: {
      kind: 'download',
      files: idxFiles(
        [
          'https://ossci-datasets.s3.amazonaws.com/mnist',
          'https://storage.googleapis.com/cvdf-datasets/mnist',
        ],
        [
          [9_912_422, '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609'],
          [28_881, '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'],
          [1_648_877, '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6'],
          [4542, 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'],
        ],
      ),
    },
    layout: idxNames.map((name) => `${name}.gz`),
  },
  {
    name: 'svhn',
    title: 'SVHN: house numbers in street pictures',
    homepage: 'http://ufldl.stanford.edu/housenumbers/',
    terms: 'For non-commercial use only, says the publisher; cite Netzer et al., 2011',
    classes: 10,
    images: { train: 73_257, test: 26_032 },
    size: '3 × 32 × 32',
    source: {
      kind: 'download',
      files: [
        plainFile(
          'train_32x32.mat',
          [houseNumbersUrl],
          182_040_794,
          '435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8',
        ),
        plainFile(
          'test_32x32.mat',
          [houseNumbersUrl],
          64_275_384,
          'cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b',
        ),
      ],
    },
    layout: ['train_32x32.mat', 'test_32x32.mat'],
  },
  {
    name: 'tiny-imagenet',
    title: 'Tiny ImageNet: 200 classes of ImageNet, small',
    homepage: 'http://cs231n.stanford.edu/',
    terms: imageNetTerms,
    classes: 200,
    images: { train: 100_000, test: 10_000 },
    size: '3 × 64 × 64',
    source: {
      kind: 'download',
      files: [
        {
          name: 'tiny-imagenet-200.zip',
          urls: [
            'https://cs231n.stanford.edu/tiny-imagenet-200.zip',
            'http://cs231n.stanford.edu/tiny-imagenet-200.zip',
          ],
          size: 248_100_043,
          hashes: [md5('90528d7ca1a48142e341f4ef8d21d0de')],
          unpacksTo: 'tiny-imagenet-200',
        },
      ],
    },
    layout: [
      'tiny-imagenet-200/wnids.txt',
      'tiny-imagenet-200/words.txt',
      'tiny-imagenet-200/train',
      'tiny-imagenet-200/val/val_annotations.txt',
      'tiny-imagenet-200/val/images',
    ],
  },
];

/** The entry of that name, if there is one. */
export function findInCatalog(name: string): CatalogEntry | undefined {
  return catalog.find((entry) => entry.name === name);
}

function cifarArchive(archive: {
  readonly name: string;
  readonly mirrors?: readonly string[];
  readonly size: number;
  readonly md5: string;
  readonly sha256: string;
  readonly unpacksTo: string;
}): CatalogSource {
  const { name, mirrors = [], size, unpacksTo } = archive;
  const urls = ['https://www.cs.toronto.edu/~kriz', ...mirrors].map((place) => `${place}/${name}`);
  const hashes = [md5(archive.md5), sha256(archive.sha256)];
  return { kind: 'download', files: [{ name, urls, size, hashes, unpacksTo }] };
}

function idxFiles(
  folders: readonly string[],
  identities: readonly (readonly [size: number, sha256: string])[],
): CatalogFile[] {
  return identities.map(([size, digest], index) =>
    plainFile(`${idxNames[index]!}.gz`, folders, size, digest),
  );
}

function plainFile(
  name: string,
  folders: readonly string[],
  size: number,
  digest: string,
): CatalogFile {
  const urls = folders.map((folder) => `${folder}/${name}`);
  return { name, urls, size, hashes: [sha256(digest)] };
}

function fastaiSubset(unpacksTo: string, size: number, digest: string) {
  const name = `${unpacksTo}.tgz`;
  const urls = [`https://s3.amazonaws.com/fast-ai-imageclas/${name}`];
  const files = [{ name, urls, size, hashes: [md5(digest)], unpacksTo }];
  return {
    terms: imageNetTerms,
    classes: 10,
    size: 'shorter side 320',
    source: { kind: 'download', files } as const,
    layout: [`${unpacksTo}/train`, `${unpacksTo}/val`],
  };
}

function sha256(digest: string): FileHash {
  return { algorithm: 'sha256', digest };
}

function md5(digest: string): FileHash {
  return { algorithm: 'md5', digest };
}
