// 3x3 convolution with padding 1 of images with their channels last, by Winograd's F(4x4, 3x3): forward, and with
// respect to input (a forward pass with turned weights) and weights. One thread; the caller divides the images.
#include "multiply.h"
#include "table.h"
#include "winograd_tiling.h"
#include "winograd_transforms.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

// Tiles with so many transformed values in all that they stay in the second-level cache, while the weights, which do not
// fit beside them, are read from farther away once for all of these tiles.
int64_t tilesAtOnce(int64_t channels) {
  constexpr int64_t bytes = 5 << 18;
  const int64_t tiles = bytes / (patchArea * static_cast<int64_t>(sizeof(float)) * channels);
  return tiles < registerRows ? registerRows : tiles > 192 ? 192 : tiles;
}

// A forward pass holds the products of one panel at a time.
int64_t forwardTiles(const ConvolutionShape& shape) { return tilesAtOnce(roundUp(shape.inputs, lanes) + panelWidth); }
int64_t gradientTiles(const ConvolutionShape& shape) {
  return tilesAtOnce(roundUp(shape.inputs, lanes) + roundUp(shape.outputs, panelWidth));
}

// Calls body(first channel, left) for every vector of channels. `left` is a constant for whole ones, so that nothing is
// asked of each number.
template <class Body>
NCFM_INLINE void forEachVector(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) body(c, int64_t{lanes});
  if (c < channels) body(c, channels - c);
}

// The processor does not foresee so many streams at once: the numbers of the next tile, to the right, are asked for while
// this one is transformed, and so are the places where its values will go.
NCFM_INLINE void prefetchNext(const float* pixel, int64_t channels) {
  __builtin_prefetch(pixel + tileSide * channels);
}
NCFM_INLINE void storeAndPrefetch(float* to, Vector value, int64_t channels) {
  __builtin_prefetch(to + channels, 1);
  store(to, value);
}

// One 6x6 patch of every channel, transformed, to patches[position][·]; what lies outside the image is 0.
void transformPatch(const float* image, const ConvolutionShape& shape, int64_t channels, const Tile& tile,
                    const float* zeros, float* patches, int64_t positionStride) {
  const float* pixels[patchSide][patchSide];
  for (int64_t i = 0; i < patchSide; ++i) {
    const int64_t y = tile.top + i - 1;
    for (int64_t j = 0; j < patchSide; ++j) {
      const int64_t x = tile.left + j - 1;
      const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
      pixels[i][j] = inside ? image + (y * shape.width + x) * channels : zeros;
    }
  }
  forEachVector(channels, [&](int64_t c, int64_t left) __attribute__((always_inline)) {
    Vector half[patchSide][patchSide];
#pragma GCC unroll 6
    for (int j = 0; j < patchSide; ++j) {
      Vector column[6];
      Vector result[6];
#pragma GCC unroll 6
      for (int i = 0; i < patchSide; ++i) {
        if (j >= patchSide - tileSide) prefetchNext(pixels[i][j] + c, channels);
        column[i] = loadUpTo(pixels[i][j] + c, left);
      }
      transformInput(column, result);
#pragma GCC unroll 6
      for (int i = 0; i < patchSide; ++i) half[i][j] = result[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < patchSide; ++i) {
      Vector result[6];
      transformInput(half[i], result);
#pragma GCC unroll 6
      for (int j = 0; j < patchSide; ++j) {
        storeAndPrefetch(patches + (i * patchSide + j) * positionStride + c, result[j], channels);
      }
    }
  });
}

// The products of one tile and panel, transformed back, to where the image has pixels.
void transformResult(const float* products, int64_t positionStride, const ConvolutionShape& shape, const Tile& tile,
                     int64_t firstChannel, int64_t channels, float* image, Into into) {
  const int64_t rows = shape.height - tile.top < tileSide ? shape.height - tile.top : tileSide;
  const int64_t columns = shape.width - tile.left < tileSide ? shape.width - tile.left : tileSide;
  const int64_t width = channels - firstChannel < panelWidth ? channels - firstChannel : panelWidth;
  forEachVector(width, [&](int64_t c, int64_t left) __attribute__((always_inline)) {
    Vector half[patchSide][tileSide];
#pragma GCC unroll 6
    for (int i = 0; i < patchSide; ++i) {
      Vector row[6];
#pragma GCC unroll 6
      for (int j = 0; j < patchSide; ++j) row[j] = load(products + (i * patchSide + j) * positionStride + c);
      transformOutput(row, half[i]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < tileSide; ++j) {
      Vector column[6];
      Vector result[4];
#pragma GCC unroll 6
      for (int i = 0; i < patchSide; ++i) column[i] = half[i][j];
      transformOutput(column, result);
      if (j >= columns) continue;
#pragma GCC unroll 4
      for (int i = 0; i < tileSide; ++i) {
        if (i >= rows) continue;
        float* pixel = image + ((tile.top + i) * shape.width + tile.left + j) * channels + firstChannel + c;
        storeUpTo(pixel, into == Into::add ? loadUpTo(pixel, left) + result[i] : result[i], left);
      }
    }
  });
}

// One 4x4 tile of the result's gradient, every channel, to patches[position][·].
void transformGradientTile(const float* image, const ConvolutionShape& shape, int64_t channels, const Tile& tile,
                           const float* zeros, float* patches, int64_t positionStride) {
  const float* pixels[tileSide][tileSide];
  for (int64_t i = 0; i < tileSide; ++i) {
    for (int64_t j = 0; j < tileSide; ++j) {
      const bool inside = tile.top + i < shape.height && tile.left + j < shape.width;
      pixels[i][j] = inside ? image + ((tile.top + i) * shape.width + tile.left + j) * channels : zeros;
    }
  }
  forEachVector(channels, [&](int64_t c, int64_t left) __attribute__((always_inline)) {
    Vector half[patchSide][tileSide];
#pragma GCC unroll 4
    for (int j = 0; j < tileSide; ++j) {
      Vector column[4];
      Vector result[6];
#pragma GCC unroll 4
      for (int i = 0; i < tileSide; ++i) {
        prefetchNext(pixels[i][j] + c, channels);
        column[i] = loadUpTo(pixels[i][j] + c, left);
      }
      transformOutputGradient(column, result);
#pragma GCC unroll 6
      for (int i = 0; i < patchSide; ++i) half[i][j] = result[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < patchSide; ++i) {
      Vector result[6];
      transformOutputGradient(half[i], result);
#pragma GCC unroll 6
      for (int j = 0; j < patchSide; ++j) {
        storeAndPrefetch(patches + (i * patchSide + j) * positionStride + c, result[j], channels);
      }
    }
  });
}

__attribute__((noinline)) void multiplyPatches(const float* patches, int64_t tiles, int64_t inputs, int64_t patchStride,
                                               const float* weights, float* products, int64_t columns) {
  multiplyPanel<Into::replace>(patches, Strided{patchStride}, tiles, Strided{1}, inputs, weights, panelWidth, products,
                               panelWidth, columns);
}

__attribute__((noinline)) void addOuterProducts(const float* patches, int64_t inputs, int64_t patchStride, int64_t tiles,
                                                const float* gradients, int64_t gradientStride, float* sums,
                                                int64_t columns) {
  multiplyPanel<Into::add>(patches, Strided{1}, inputs, Strided{patchStride}, tiles, gradients, gradientStride, sums,
                           panelWidth, columns);
}

int64_t panels(int64_t channels) { return (channels + panelWidth - 1) / panelWidth; }

}  // namespace

int64_t winogradWeightSize(int64_t inputs, int64_t outputs) {
  return panels(outputs) * patchArea * inputs * panelWidth;
}

// packed[panel][position][input][column of the panel]
void winogradTransformWeights(const float* weights, int64_t inputs, int64_t outputs, bool turned, int64_t begin,
                              int64_t end, float* packed) {
  for (int64_t input = begin; input < end; ++input) {
    for (int64_t first = 0; first < panels(outputs) * panelWidth; first += lanes) {
      float kernels[9][lanes] = {};
      for (int lane = 0; lane < lanes && first + lane < outputs; ++lane) {
        const int64_t output = first + lane;
        const float* kernel = weights + (turned ? input * outputs + output : output * inputs + input) * 9;
        for (int k = 0; k < 9; ++k) kernels[k][lane] = kernel[turned ? 8 - k : k];
      }
      Vector half[3][patchSide];
      for (int j = 0; j < 3; ++j) {
        const Vector column[3] = {load(kernels[j]), load(kernels[3 + j]), load(kernels[6 + j])};
        transformWeight(column, half[j]);
      }
      const int64_t panel = first / panelWidth;
      float* target = packed + (panel * patchArea * inputs + input) * panelWidth + first % panelWidth;
      for (int i = 0; i < patchSide; ++i) {
        const Vector row[3] = {half[0][i], half[1][i], half[2][i]};
        Vector result[6];
        transformWeight(row, result);
        for (int j = 0; j < patchSide; ++j) store(target + (i * patchSide + j) * inputs * panelWidth, result[j]);
      }
    }
  }
}

int64_t winogradImagesAtOnce(const ConvolutionShape& shape) {
  const int64_t images = forwardTiles(shape) / Tiling(shape, tileSide).count();
  return images < 1 ? 1 : images;
}

int64_t winogradWorkspace(const ConvolutionShape& shape) {
  const int64_t inputs = roundUp(shape.inputs, lanes);
  const int64_t outputs = roundUp(shape.outputs, panelWidth);
  const int64_t forward = patchArea * forwardTiles(shape) * (inputs + panelWidth);
  const int64_t gradient = patchArea * gradientTiles(shape) * (inputs + outputs);
  return (forward > gradient ? forward : gradient) + inputs + outputs;
}

void winogradForward(const ConvolutionShape& shape, const float* x, int64_t images, const float* weights,
                     float* y, Into into, float* workspace) {
  const Tiling tiling(shape, tileSide);
  const int64_t atOnce = forwardTiles(shape);
  const int64_t stride = roundUp(shape.inputs, lanes);
  const int64_t area = shape.height * shape.width;
  float* zeros = workspace;
  float* patches = zeros + stride;
  float* products = patches + patchArea * atOnce * stride;
  for (int64_t c = 0; c < stride; ++c) zeros[c] = 0;
  for (int64_t first = 0; first < images * tiling.count(); first += atOnce) {
    const int64_t left = images * tiling.count() - first;
    const int64_t tiles = left < atOnce ? left : atOnce;
    for (int64_t t = 0; t < tiles; ++t) {
      const Tile tile(first + t, tiling);
      transformPatch(x + tile.image * area * shape.inputs, shape, shape.inputs, tile, zeros, patches + t * stride,
                     tiles * stride);
    }
    for (int64_t panel = 0; panel < panels(shape.outputs); ++panel) {
      const int64_t channel = panel * panelWidth;
      const int64_t columns = shape.outputs - channel < panelWidth ? shape.outputs - channel : panelWidth;
      for (int64_t p = 0; p < patchArea; ++p) {
        multiplyPatches(patches + p * tiles * stride, tiles, shape.inputs, stride,
                        weights + (panel * patchArea + p) * shape.inputs * panelWidth,
                        products + p * tiles * panelWidth, columns);
      }
      for (int64_t t = 0; t < tiles; ++t) {
        const Tile tile(first + t, tiling);
        transformResult(products + t * panelWidth, tiles * panelWidth, shape, tile, channel, shape.outputs,
                        y + tile.image * area * shape.outputs, into);
      }
    }
  }
}

void winogradAddWeightGradient(const ConvolutionShape& shape, const float* x, const float* gradient, int64_t images,
                               float* sums, float* workspace) {
  const Tiling tiling(shape, tileSide);
  const int64_t atOnce = gradientTiles(shape);
  const int64_t stride = roundUp(shape.inputs, lanes);
  const int64_t gradientStride = roundUp(shape.outputs, panelWidth);
  const int64_t area = shape.height * shape.width;
  const int64_t widest = stride > gradientStride ? stride : gradientStride;
  float* zeros = workspace;
  float* patches = zeros + widest;
  float* gradients = patches + patchArea * atOnce * stride;
  for (int64_t c = 0; c < widest; ++c) zeros[c] = 0;
  for (int64_t first = 0; first < images * tiling.count(); first += atOnce) {
    const int64_t left = images * tiling.count() - first;
    const int64_t tiles = left < atOnce ? left : atOnce;
    for (int64_t t = 0; t < tiles; ++t) {
      const Tile tile(first + t, tiling);
      transformPatch(x + tile.image * area * shape.inputs, shape, shape.inputs, tile, zeros, patches + t * stride,
                     tiles * stride);
      transformGradientTile(gradient + tile.image * area * shape.outputs, shape, shape.outputs, tile, zeros,
                            gradients + t * gradientStride, tiles * gradientStride);
    }
    for (int64_t panel = 0; panel < panels(shape.outputs); ++panel) {
      const int64_t channel = panel * panelWidth;
      const int64_t columns = shape.outputs - channel < panelWidth ? shape.outputs - channel : panelWidth;
      for (int64_t p = 0; p < patchArea; ++p) {
        addOuterProducts(patches + p * tiles * stride, shape.inputs, stride, tiles,
                         gradients + p * tiles * gradientStride + channel, gradientStride,
                         sums + (panel * patchArea + p) * shape.inputs * panelWidth, columns);
      }
    }
  }
}

void winogradWeightGradient(const float* sums, int64_t inputs, int64_t outputs, float* gradient) {
  for (int64_t panel = 0; panel < panels(outputs); ++panel) {
    for (int64_t input = 0; input < inputs; ++input) {
      for (int64_t c = 0; c < panelWidth && panel * panelWidth + c < outputs; c += lanes) {
        Vector half[3][patchSide];
        for (int j = 0; j < patchSide; ++j) {
          Vector column[6];
          Vector result[3];
          for (int i = 0; i < patchSide; ++i) {
            const int64_t p = i * patchSide + j;
            column[i] = load(sums + ((panel * patchArea + p) * inputs + input) * panelWidth + c);
          }
          transformWeightGradient(column, result);
          for (int i = 0; i < 3; ++i) half[i][j] = result[i];
        }
        for (int i = 0; i < 3; ++i) {
          Vector result[3];
          transformWeightGradient(half[i], result);
          for (int j = 0; j < 3; ++j) {
            for (int lane = 0; lane < lanes; ++lane) {
              const int64_t output = panel * panelWidth + c + lane;
              if (output < outputs) gradient[(output * inputs + input) * 9 + i * 3 + j] = result[j][lane];
            }
          }
        }
      }
    }
  }
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
