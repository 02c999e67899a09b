// 3x3 convolution with padding 1 of images with their channels last, on the processor's tiles: forward, and with respect
// to the input (a forward pass with turned weights). One thread; the caller divides the images.
//
// The pixels of a padded image follow one another at one distance, so that the pixels that a tap of the kernel meets are
// those at the results' own places, further on by as much for all: nothing is copied for each tap. Of images whose rows
// are short some are handled together, pixel by pixel in turn, so that a row of them fills a tile.
#include "table.h"
#include "vector.h"
#if defined(__AMX_BF16__)
#include "tiles.h"
#endif

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
#if defined(__AMX_BF16__)
using namespace tiles;
namespace {

constexpr int64_t taps = 9;
// A pixel's 32 channels: the nearest bfloat16s and the rests.
constexpr int64_t pixelSize = tileDepth;

// Padded images, and the tiles of 16 results each.
struct Layout {
  const int64_t width, height, paddedWidth, together;
  // Then none of a tile's results lies outside of the images.
  const bool wholeRows;
  const int64_t pixels, channelTiles;

  explicit Layout(const ConvolutionShape& shape)
      : width(shape.width),
        height(shape.height),
        paddedWidth(shape.width + 2),
        together(width < tileSide && tileSide % width == 0 ? tileSide / width : 1),
        wholeRows(width * together % tileSide == 0),
        // Tiles that end behind the last result read some pixels more.
        pixels((height + 2) * paddedWidth * together + 2 * tileSide),
        channelTiles(roundUp(shape.inputs, tileDepth) / tileDepth) {}

  int64_t plane() const { return pixels * pixelSize; }
  int64_t size() const { return channelTiles * plane(); }
  int64_t columnSize() const { return channelTiles * taps * pairSize; }
  int64_t tiles() const {
    return wholeRows ? height * width * together / tileSide : roundUp(height * paddedWidth - 2, tileSide) / tileSide;
  }
  // The padded pixel at the upper left of a tile's first result.
  int64_t first(int64_t tile) const {
    const int64_t pixel = tile * tileSide, row = width * together;
    return wholeRows ? pixel / row * paddedWidth * together + pixel % row : pixel;
  }
};

// padded[channels / 32][pixel][image][nearest, rest][16 pairs]; the border stays as it is.
void padImage(const float* image, int64_t inputs, const Layout& layout, float* padded) {
  for (int64_t y = 0; y < layout.height; ++y) {
    for (int64_t x = 0; x < layout.width; ++x, image += inputs) {
      float* pixel = padded + ((y + 1) * layout.paddedWidth + x + 1) * layout.together * pixelSize;
      for (int64_t c = 0; c < inputs; c += tileDepth, pixel += layout.plane()) {
        const int64_t left = inputs - c;
        const SplitPairs split = pairs(loadUpTo(image + c, left),
                                       left > lanes ? loadUpTo(image + c + lanes, left - lanes) : Vector{});
        store(pixel, (Vector)split.nearest);
        store(pixel + lanes, (Vector)split.rest);
      }
    }
  }
}

// The images that results belong to, from a channel on.
struct Results {
  float* images;
  int64_t count, imageStride, channels, stride;
  Into into;
};

// Writes the sums of one tile's pixels to where the images have pixels.
NCFM_INLINE void storePixels(const float* sums, const Layout& layout, int64_t tile, const Results& results) {
  const int64_t first = layout.first(tile);
  int64_t image = first % layout.together;
  int64_t row = first / layout.together / layout.paddedWidth, column = first / layout.together % layout.paddedWidth;
  for (int64_t i = 0; i < tileSide && row < layout.height; ++i) {
    if (column < layout.width && image < results.count) {
      float* pixel = results.images + image * results.imageStride + (row * layout.width + column) * results.stride;
      const float* from = sums + i * 2 * tileSide;
      for (int64_t c = 0; c < results.channels; c += lanes) {
        const int64_t left = results.channels - c;
        const Vector sum = load(from + c);
        storeUpTo(pixel + c, results.into == Into::add ? loadUpTo(pixel + c, left) + sum : sum, left);
      }
    }
    if (++image < layout.together) continue;
    image = 0;
    if (++column < layout.paddedWidth) continue;
    column = 0;
    ++row;
  }
}

template <bool twoRows, bool twoColumns>
NCFM_INLINE void convolve(const float* upper, const float* lower, const Layout& layout, const float* weights,
                          float* sums) {
  zeroSums();
  for (int64_t channel = 0; channel < layout.channelTiles; ++channel) {
    for (int64_t tap = 0; tap < taps; ++tap, weights += pairSize) {
      const int64_t pixel = (tap / 3 * layout.paddedWidth + tap % 3) * layout.together;
      const int64_t place = channel * layout.plane() + pixel * pixelSize;
      addProducts<twoRows, twoColumns>({upper + place, lower + place, pixelSize, lanes}, weights,
                                       weights + layout.columnSize());
    }
  }
  storeSums<twoRows, twoColumns>(sums, 2 * tileSide);
}

// One or two tiles of outputs of all pixels.
template <bool twoColumns>
NCFM_INLINE void convolveColumns(const float* padded, const Layout& layout, const float* weights, float* sums,
                                 const Results& results) {
  const int64_t count = layout.tiles();
  for (int64_t tile = 0; tile < count; tile += 2) {
    const float* upper = padded + layout.first(tile) * pixelSize;
    if (tile + 1 < count) {
      convolve<true, twoColumns>(upper, padded + layout.first(tile + 1) * pixelSize, layout, weights, sums);
      storePixels(sums + 2 * tileSide * tileSide, layout, tile + 1, results);
    } else {
      convolve<false, twoColumns>(upper, upper, layout, weights, sums);
    }
    storePixels(sums, layout, tile, results);
  }
}

}  // namespace

bool tilesConvolve(const ConvolutionShape& shape) { return shape.padding == 1 && shape.inputs >= tileSide; }

int64_t tiledWeightParts(int64_t outputs) { return roundUp(outputs, tileSide) / tileSide; }

int64_t tiledWeightSize(int64_t inputs, int64_t outputs) {
  return tiledWeightParts(outputs) * (roundUp(inputs, tileDepth) / tileDepth) * taps * pairSize;
}

// packed[part][inputs / 32][tap][nearest, rest][16 pairs][16 outputs], for the parts from `begin` to `end`
void tiledPackWeights(const float* weights, int64_t inputs, int64_t outputs, bool turned, int64_t begin, int64_t end,
                      float* packed) {
  packed += begin * (roundUp(inputs, tileDepth) / tileDepth) * taps * pairSize;
  const auto weight = [&](int64_t input, int64_t output, int64_t tap) {
    if (input >= inputs || output >= outputs) return 0.0F;
    return weights[(turned ? input * outputs + output : output * inputs + input) * taps + (turned ? taps - 1 - tap : tap)];
  };
  for (int64_t output = begin * tileSide; output < end * tileSide; output += tileSide) {
    for (int64_t input = 0; input < inputs; input += tileDepth) {
      for (int64_t tap = 0; tap < taps; ++tap, packed += pairSize) {
        for (int64_t i = 0; i < tileSide; ++i) {
          float first[lanes], second[lanes];
          for (int64_t o = 0; o < tileSide; ++o) {
            first[o] = weight(input + i, output + o, tap);
            second[o] = weight(input + tileSide + i, output + o, tap);
          }
          const SplitPairs split = pairs(load(first), load(second));
          store(packed + i * lanes, (Vector)split.nearest);
          store(packed + (tileSide + i) * lanes, (Vector)split.rest);
        }
      }
    }
  }
}

int64_t tiledWorkspace(const ConvolutionShape& shape) {
  return Layout(shape).size() + 4 * tileSide * tileSide + tileSide;
}

void tiledForward(const ConvolutionShape& shape, const float* x, int64_t images, const float* weights, float* y,
                  Into into, float* workspace) {
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  const Layout layout(shape);
  const int64_t inputSize = shape.height * shape.width * shape.inputs;
  const int64_t outputSize = shape.height * shape.width * shape.outputs;
  // At the beginning of a cache line, where tiles are read fastest.
  float* sums = workspace + (64 - reinterpret_cast<uintptr_t>(workspace) % 64) % 64 / sizeof(float);
  float* padded = sums + 4 * tileSide * tileSide;
  for (int64_t i = 0; i < layout.size(); ++i) padded[i] = 0;
  for (int64_t image = 0; image < images; image += layout.together) {
    const int64_t count = images - image < layout.together ? images - image : layout.together;
    for (int64_t i = 0; i < count; ++i) {
      padImage(x + (image + i) * inputSize, shape.inputs, layout, padded + i * pixelSize);
    }
    for (int64_t channel = 0; channel < shape.outputs; channel += 2 * tileSide) {
      const int64_t left = shape.outputs - channel;
      const Results results{y + image * outputSize + channel, count, outputSize, left < 2 * tileSide ? left : 2 * tileSide,
                            shape.outputs, into};
      const float* columns = weights + channel / tileSide * layout.columnSize();
      if (left > tileSide) {
        convolveColumns<true>(padded, layout, columns, sums, results);
      } else {
        convolveColumns<false>(padded, layout, columns, sums, results);
      }
    }
  }
  _tile_release();
}
#else
bool tilesConvolve(const ConvolutionShape&) { return false; }
int64_t tiledWeightParts(int64_t) { return 0; }
int64_t tiledWeightSize(int64_t, int64_t) { return 0; }
void tiledPackWeights(const float*, int64_t, int64_t, bool, int64_t, int64_t, float*) {}
int64_t tiledWorkspace(const ConvolutionShape&) { return 0; }
void tiledForward(const ConvolutionShape&, const float*, int64_t, const float*, float*, Into, float*) {}
#endif
}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
