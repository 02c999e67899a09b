import { applySiamese, applySiameseRows, normalize, type SiameseDraw } from '../augment/index.js';
import { type Span, spans } from '../core/spans.js';
import { type Dataset, imagesOf } from '../data/index.js';
import type { ImageModel } from '../models/index.js';
import { type Device, scope, type Tensor, zeros } from '../tensor/index.js';
import { normalizeFeatures } from '../train/features.js';

/** What real and synthetic images are compared by. */
export interface Extraction {
  readonly dataset: Dataset;
  readonly extractor: ImageModel;
  /** Whether each image's features are scaled to length 1. */
  readonly unit: boolean;
}

export interface RealExtraction extends Extraction {
  /** Images that go through the extractor at once; all of them when left out. */
  readonly realAtOnce?: number | undefined;
  readonly device: Device;
}

/** The features [n, d] of real images that come class by class, augmented by a draw for each of these classes; a chunk at a time. */
export function realFeatures(
  { device, realAtOnce, ...extraction }: RealExtraction,
  indices: readonly number[],
  augmentation: SiameseDraw,
): Tensor {
  const { dataset, extractor } = extraction;
  const perGroup = indices.length / augmentation.groups.length;
  const ofChunk = ({ start, length }: Span): Tensor =>
    scope(() => {
      const images = imagesOf(dataset, indices.slice(start, start + length), device);
      const rows = { first: start, perGroup };
      const normalised = normalize(images, dataset.normalization);
      return featuresOf(applySiameseRows(normalised, augmentation, rows), extraction);
    });
  const chunks = spans(indices.length, realAtOnce ?? indices.length);
  if (chunks.length === 1) return ofChunk(chunks[0]!);
  // Written into place: joining chunks would take the memory of all features twice.
  const features = zeros([indices.length, extractor.featureDimension], { device });
  for (const chunk of chunks)
    scope(() => {
      features.narrow(0, chunk.start, chunk.length).copy_(ofChunk(chunk));
    });
  return features;
}

/** Images [n, c, h, w] in [0, 1], class by class → their features [n, d] under the same draws; differentiable. */
export function matchedFeatures(
  images: Tensor,
  extraction: Extraction,
  augmentation: SiameseDraw,
): Tensor {
  return scope(() => {
    const normalised = normalize(images, extraction.dataset.normalization);
    return featuresOf(applySiamese(normalised, augmentation), extraction);
  });
}

function featuresOf(images: Tensor, { extractor, unit }: Extraction): Tensor {
  const features = extractor.features(images);
  return unit ? normalizeFeatures(features) : features;
}

/** The part of a draw for every class that is for some of them. */
export function drawOfClasses(draw: SiameseDraw, { start, length }: Span): SiameseDraw {
  return { ...draw, groups: draw.groups.slice(start, start + length) };
}
