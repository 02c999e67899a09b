// 3x3 convolution with padding 1 of images with their channels last, by Winograd's F(2x2, 3x3) on the processor's tiles:
// forward, and with respect to the input (a forward pass with turned weights). One thread; the caller divides the images.
//
// A 2x2 tile of the result comes from a 4x4 patch of the input by 16 products in place of 36 (Lavin & Gray 2016, "Fast
// Algorithms for Convolutional Neural Networks", eq. 6): result = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A. F(4x4, 3x3) would take 9 in
// place of 36; but the transforms here are sums of the numbers as they are, so that the split into bfloat16s costs little,
// and those of F(4x4, 3x3) multiply what is lost by it.
#include "table.h"
#include "vector.h"
#if defined(__AMX_BF16__)
#include "tiles.h"
#include "winograd_tiling.h"
#endif

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
#if defined(__AMX_BF16__)
using namespace tiles;
namespace {

constexpr int64_t resultSide = 2;
constexpr int patchSide = 4;
constexpr int positions = patchSide * patchSide;
// In the precision of bfloat16s the rests are left out.
#if defined(NCFM_NEAREST_ALONE)
constexpr bool withRests = false;
#else
constexpr bool withRests = true;
#endif
constexpr int64_t tileSize = withRests ? pairSize : pairSize / 2;
// Patches whose transformed values, beside the weights, stay in the second cache.
constexpr int64_t patchesAtOnce = 128;
// Floats behind what belongs to one position: without them the values of a patch would all want the same lines of the
// first cache.
constexpr int64_t gap = 5 * lanes;

// Bᵀ, 4 -> 4
NCFM_INLINE void transformInput(const Vector (&d)[4], Vector (&t)[4]) {
  t[0] = d[0] - d[2];
  t[1] = d[1] + d[2];
  t[2] = d[2] - d[1];
  t[3] = d[1] - d[3];
}

// Aᵀ, 4 -> 2
NCFM_INLINE void transformOutput(const Vector (&m)[4], Vector (&y)[2]) {
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] - m[3];
}

// G, 3 -> 4
NCFM_INLINE void transformWeight(const Vector (&w)[3], Vector (&t)[4]) {
  t[0] = w[0];
  t[1] = 0.5F * (w[0] + w[1] + w[2]);
  t[2] = 0.5F * (w[0] - w[1] + w[2]);
  t[3] = w[2];
}

int64_t channelTilesOf(int64_t inputs) { return roundUp(inputs, tileDepth) / tileDepth; }

// 16 channels of the patch's pixels, transformed.
NCFM_INLINE void transformChannels(const float* const (&pixels)[positions], int64_t channel, int64_t left,
                                   Vector (&result)[positions]) {
  Vector half[patchSide][patchSide];
#pragma GCC unroll 4
  for (int j = 0; j < patchSide; ++j) {
    Vector column[patchSide], turned[patchSide];
#pragma GCC unroll 4
    for (int i = 0; i < patchSide; ++i) column[i] = loadUpTo(pixels[i * patchSide + j] + channel, left);
    transformInput(column, turned);
#pragma GCC unroll 4
    for (int i = 0; i < patchSide; ++i) half[i][j] = turned[i];
  }
#pragma GCC unroll 4
  for (int i = 0; i < patchSide; ++i) {
    Vector turned[patchSide];
    transformInput(half[i], turned);
#pragma GCC unroll 4
    for (int j = 0; j < patchSide; ++j) result[i * patchSide + j] = turned[j];
  }
}

// Of two tiles of outputs.
constexpr int64_t productWidth = 2 * tileSide;

// One patch, transformed, to its row of packed[position][patch / 16][channels / 32][nearest, rest][16 patches][16 pairs].
void packPatch(const float* image, const ConvolutionShape& shape, const Tile& tile, const float* zeros, float* packed,
               int64_t positionStride) {
  const float* pixels[positions];
  for (int64_t i = 0; i < positions; ++i) {
    const int64_t y = tile.top + i / patchSide - 1, x = tile.left + i % patchSide - 1;
    const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
    pixels[i] = inside ? image + (y * shape.width + x) * shape.inputs : zeros;
  }
  for (int64_t c = 0; c < shape.inputs; c += tileDepth, packed += tileSize) {
    const int64_t left = shape.inputs - c;
    Vector lower[positions], upper[positions] = {};
    transformChannels(pixels, c, left, lower);
    if (left > lanes) transformChannels(pixels, c + lanes, left - lanes, upper);
#pragma GCC unroll 16
    for (int64_t p = 0; p < positions; ++p) {
      const SplitPairs split = inOrder(lower[p], upper[p]);
      store(packed + p * positionStride, (Vector)split.nearest);
      if (withRests) store(packed + p * positionStride + pairSize / 2, (Vector)split.rest);
    }
  }
}

// The products of one patch, transformed back, to where the image has pixels.
void transformResult(const float* products, int64_t positionStride, const ConvolutionShape& shape, const Tile& tile,
                     int64_t firstChannel, float* image, Into into) {
  const int64_t channels = shape.outputs - firstChannel < productWidth ? shape.outputs - firstChannel : productWidth;
  for (int64_t c = 0; c < channels; c += lanes) {
    Vector half[patchSide][resultSide];
#pragma GCC unroll 4
    for (int i = 0; i < patchSide; ++i) {
      Vector row[patchSide];
#pragma GCC unroll 4
      for (int j = 0; j < patchSide; ++j) row[j] = load(products + (i * patchSide + j) * positionStride + c);
      transformOutput(row, half[i]);
    }
#pragma GCC unroll 2
    for (int j = 0; j < resultSide; ++j) {
      const Vector column[patchSide] = {half[0][j], half[1][j], half[2][j], half[3][j]};
      Vector result[resultSide];
      transformOutput(column, result);
      if (tile.left + j >= shape.width) continue;
#pragma GCC unroll 2
      for (int i = 0; i < resultSide; ++i) {
        if (tile.top + i >= shape.height) continue;
        const int64_t left = channels - c;
        float* pixel = image + ((tile.top + i) * shape.width + tile.left + j) * shape.outputs + firstChannel + c;
        storeUpTo(pixel, into == Into::add ? loadUpTo(pixel, left) + result[i] : result[i], left);
      }
    }
  }
}

// products[patch][32 outputs] of one position: of one or two tiles of patches with one or two of outputs.
template <bool twoRows, bool twoColumns>
NCFM_INLINE void multiplyPatches(const float* patches, int64_t channelTiles, const float* weights, int64_t outputStride,
                                 float* products) {
  zeroSums();
  const float* lower = patches + channelTiles * tileSize;
  for (int64_t c = 0; c < channelTiles; ++c, patches += tileSize, lower += tileSize, weights += tileSize) {
    addProducts<twoRows, twoColumns, withRests>({patches, lower}, {weights, weights + outputStride});
  }
  storeSums<twoRows, twoColumns>(products, productWidth);
}

template <bool twoColumns>
NCFM_INLINE void multiplyAll(const float* patches, int64_t rowTiles, int64_t channelTiles, const float* weights,
                             int64_t outputStride, float* products) {
  for (int64_t p = 0; p < positions; ++p, weights += channelTiles * tileSize, patches += gap, products += gap) {
    for (int64_t row = 0; row < rowTiles; row += 2) {
      if (row + 1 < rowTiles) {
        multiplyPatches<true, twoColumns>(patches, channelTiles, weights, outputStride, products);
      } else {
        multiplyPatches<false, twoColumns>(patches, channelTiles, weights, outputStride, products);
      }
      const int64_t done = row + 1 < rowTiles ? 2 : 1;
      patches += done * channelTiles * tileSize;
      products += done * tileSide * productWidth;
    }
  }
}

}  // namespace

bool tilesConvolve(const ConvolutionShape& shape) { return shape.padding == 1 && shape.inputs >= tileSide; }

int64_t tiledImagesAtOnce(const ConvolutionShape& shape) {
  const int64_t images = patchesAtOnce / Tiling(shape, resultSide).count();
  return images < 1 ? 1 : images;
}

int64_t tiledWeightParts(int64_t outputs) { return roundUp(outputs, tileSide) / tileSide; }

int64_t tiledWeightSize(int64_t inputs, int64_t outputs) {
  return tiledWeightParts(outputs) * positions * channelTilesOf(inputs) * tileSize;
}

// packed[part][position][inputs / 32][nearest, rest][16 pairs][16 outputs], for the parts from `begin` to `end`
void tiledPackWeights(const float* weights, int64_t inputs, int64_t outputs, bool turned, int64_t begin, int64_t end,
                      float* packed) {
  const int64_t channelTiles = channelTilesOf(inputs);
  const auto transform = [&](int64_t input, int64_t firstOutput, Vector(&result)[positions]) {
    float kernels[9][lanes] = {};
    for (int64_t lane = 0; lane < lanes && firstOutput + lane < outputs && input < inputs; ++lane) {
      const int64_t output = firstOutput + lane;
      const float* kernel = weights + (turned ? input * outputs + output : output * inputs + input) * 9;
      for (int k = 0; k < 9; ++k) kernels[k][lane] = kernel[turned ? 8 - k : k];
    }
    Vector half[3][patchSide];
    for (int j = 0; j < 3; ++j) {
      const Vector column[3] = {load(kernels[j]), load(kernels[3 + j]), load(kernels[6 + j])};
      transformWeight(column, half[j]);
    }
    for (int i = 0; i < patchSide; ++i) {
      const Vector row[3] = {half[0][i], half[1][i], half[2][i]};
      Vector across[patchSide];
      transformWeight(row, across);
      for (int j = 0; j < patchSide; ++j) result[i * patchSide + j] = across[j];
    }
  };
  for (int64_t part = begin; part < end; ++part) {
    float* own = packed + part * positions * channelTiles * tileSize;
    for (int64_t pair = 0; pair < channelTiles * tileSide; ++pair) {
      Vector first[positions], second[positions];
      transform(2 * pair, part * tileSide, first);
      transform(2 * pair + 1, part * tileSide, second);
      float* to = own + pair / tileSide * tileSize + pair % tileSide * lanes;
      for (int64_t p = 0; p < positions; ++p) {
        const SplitPairs split = pairs(first[p], second[p]);
        store(to + p * channelTiles * tileSize, (Vector)split.nearest);
        if (withRests) store(to + p * channelTiles * tileSize + pairSize / 2, (Vector)split.rest);
      }
    }
  }
}

int64_t tiledWorkspace(const ConvolutionShape& shape) {
  const int64_t inputs = roundUp(shape.inputs, tileDepth);
  return positions * (patchesAtOnce * (inputs + productWidth) + 2 * gap) + inputs;
}

void tiledForward(const ConvolutionShape& shape, const float* x, int64_t images, const float* weights, float* y,
                  Into into, float* workspace) {
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  const Tiling tiling(shape, resultSide);
  const int64_t channelTiles = channelTilesOf(shape.inputs);
  const int64_t area = shape.height * shape.width, rowSize = channelTiles * tileSize;
  float* packed = workspace;
  float* products = packed + positions * (patchesAtOnce * channelTiles * tileDepth + gap);
  float* zeros = products + positions * (patchesAtOnce * productWidth + gap);
  for (int64_t c = 0; c < channelTiles * tileDepth; ++c) zeros[c] = 0;
  const int64_t all = images * tiling.count();
  for (int64_t first = 0; first < all; first += patchesAtOnce) {
    const int64_t count = all - first < patchesAtOnce ? all - first : patchesAtOnce;
    const int64_t rowTiles = roundUp(count, tileSide) / tileSide;
    for (int64_t i = 0; i < count; ++i) {
      const Tile tile(first + i, tiling);
      packPatch(x + tile.image * area * shape.inputs, shape, tile, zeros,
                packed + i / tileSide * rowSize + i % tileSide * lanes, rowTiles * rowSize + gap);
    }
    for (int64_t channel = 0; channel < shape.outputs; channel += productWidth) {
      const int64_t outputStride = positions * rowSize;
      const float* own = weights + channel / tileSide * outputStride;
      if (shape.outputs - channel > tileSide) {
        multiplyAll<true>(packed, rowTiles, channelTiles, own, outputStride, products);
      } else {
        multiplyAll<false>(packed, rowTiles, channelTiles, own, outputStride, products);
      }
      for (int64_t i = 0; i < count; ++i) {
        const Tile tile(first + i, tiling);
        transformResult(products + i * productWidth, rowTiles * tileSide * productWidth + gap, shape, tile, channel,
                        y + tile.image * area * shape.outputs, into);
      }
    }
  }
  _tile_release();
}
#else
bool tilesConvolve(const ConvolutionShape&) { return false; }
int64_t tiledImagesAtOnce(const ConvolutionShape&) { return 0; }
int64_t tiledWeightParts(int64_t) { return 0; }
int64_t tiledWeightSize(int64_t, int64_t) { return 0; }
void tiledPackWeights(const float*, int64_t, int64_t, bool, int64_t, int64_t, float*) {}
int64_t tiledWorkspace(const ConvolutionShape&) { return 0; }
void tiledForward(const ConvolutionShape&, const float*, int64_t, const float*, float*, Into, float*) {}
#endif
}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
