import { datasetNames } from '../../data/index.js';
import type { ExportedSet } from './exported-set.js';
import type { ExportFormat } from './files.js';

/** How to read the files in Python, by format: `images` [n, c, h, w] and `labels` [n] as tensors. */
const readers: Readonly<Record<ExportFormat, readonly string[]>> = {
  pt: ['import torch', '', 'images, labels = torch.load("data.pt")'],
  safetensors: [
    'import torch',
    'from safetensors.torch import load_file',
    '',
    'data = load_file("data.safetensors")',
    'images, labels = data["images"], data["labels"]',
  ],
  npz: [
    'import numpy, torch',
    '',
    'data = numpy.load("data.npz")',
    'images, labels = torch.from_numpy(data["images"]), torch.from_numpy(data["labels"])',
  ],
  png: [
    'import pathlib, numpy, torch',
    'from PIL import Image',
    '',
    'files = sorted(pathlib.Path(".").glob("*/*.png"))',
    'classes = sorted({file.parent.name for file in files})',
    'pixels = numpy.stack([numpy.asarray(Image.open(file)) for file in files])',
    'images = torch.from_numpy(pixels).reshape(*pixels.shape[:3], -1).permute(0, 3, 1, 2) / 255',
    'labels = torch.tensor([classes.index(file.parent.name) for file in files])',
  ],
  parquet: [
    'import numpy, torch',
    'from datasets import load_dataset',
    '',
    'data = load_dataset("parquet", data_files="data/*.parquet", split="train")',
    'pixels = numpy.stack([numpy.asarray(image) for image in data["image"]])',
    'images = torch.from_numpy(pixels).reshape(*pixels.shape[:3], -1).permute(0, 3, 1, 2) / 255',
    'labels = torch.tensor(data["label"])',
  ],
};

/** Code blocks that train on an exported set: with PyTorch, and with ncfm. */
export function trainingCode(set: ExportedSet, format: ExportFormat): string[] {
  const { mean, std } = set.metadata.normalization;
  return [
    '```python',
    ...readers[format],
    ...decoding(set),
    `mean = torch.tensor(${JSON.stringify(mean)}).view(1, -1, 1, 1)`,
    `std = torch.tensor(${JSON.stringify(std)}).view(1, -1, 1, 1)`,
    'inputs = (images - mean) / std  # train a classifier on inputs and labels',
    '```',
    ...evaluation(set),
  ];
}

function evaluation({ metadata: { dataset } }: ExportedSet): string[] {
  const { whitening } = dataset;
  const known = datasetNames.includes(dataset.name);
  return [
    '',
    'With ncfm, which trains networks on it beside random real images and tests them:',
    '',
    '```sh',
    `npx ncfm evaluate . --data ${known ? dataset.name : 'path/to/the/data'}${whitening ? ` --set dataset.whitening=${whitening}` : ''}`,
    '```',
  ];
}

/** Stored images of several tiles become training images first. */
function decoding({ form, metadata }: ExportedSet): string[] {
  const { mode, factor } = metadata.formation;
  if (form === 'decoded' || (mode === 'single' && factor === 1)) return [];
  if (mode !== 'single') {
    return [
      `# formation '${mode}' of factor ${factor}: export the decoded form to train in Python`,
    ];
  }
  return [
    `f = ${factor}  # tiles per side`,
    'n, c, h, w = images.shape',
    'top, left = -(-h // f), -(-w // f)',
    'images = torch.nn.functional.pad(images, (0, left * f - w, 0, top * f - h), value=0.5)',
    'tiles = images.reshape(n, c, f, top, f, left).permute(0, 2, 4, 1, 3, 5).reshape(-1, c, top, left)',
    'images = torch.nn.functional.interpolate(tiles, size=(h, w), mode="bilinear", align_corners=False)',
    'labels = labels.repeat_interleave(f * f)',
  ];
}
