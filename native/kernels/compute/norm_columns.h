// Maps of one image with their channels last, taken in columns of `panelWidth` channels.
#pragma once

#include "multiply.h"
#include "table.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

template <int number>
struct Vectors {
  static constexpr int count = number;
};

NCFM_INLINE void addUpTo(float* to, Vector value, int64_t left) { storeUpTo(to, loadUpTo(to, left) + value, left); }

// Calls body(Vectors<count>, first channel) for every column of at most `panelVectors` vectors of channels.
template <class Body>
NCFM_INLINE void forEachColumn(int64_t channels, const Body& body) {
  for (int64_t c = 0; c < channels; c += panelWidth) {
    switch ((channels - c + lanes - 1) / lanes) {
      case 1:
        body(Vectors<1>{}, c);
        break;
#if defined(__AVX512F__)
      case 2:
        body(Vectors<2>{}, c);
        break;
      case 3:
        body(Vectors<3>{}, c);
        break;
#endif
      default:
        body(Vectors<panelVectors>{}, c);
    }
  }
}

// Calls body(window, pooled) with the places of each 2x2 window's first channel and of its pooled pixel's; an odd last row
// or column is left out, as by avg_pool2d.
template <class Body>
NCFM_INLINE void forEachWindow(const MapSize& size, const Body& body) {
  const int64_t width = size.width / 2;
  for (int64_t i = 0; i < size.height / 2; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      body((2 * i * size.width + 2 * j) * size.channels, (i * width + j) * size.channels);
    }
  }
}

// The place of one of the four pixels of a window, from its first.
NCFM_INLINE int64_t cornerOf(const MapSize& size, int corner) {
  return ((corner >> 1) * size.width + (corner & 1)) * size.channels;
}

// Calls body(pixel, pooled, inside) with the places of each pixel and of the pooled one that it is inside of, if any.
template <class Body>
NCFM_INLINE void forEachPixel(const MapSize& size, const Body& body) {
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) {
      const bool inside = y / 2 < size.height / 2 && x / 2 < size.width / 2;
      body((y * size.width + x) * size.channels, (y / 2 * (size.width / 2) + x / 2) * size.channels, inside);
    }
  }
}

// One vector of channels: its statistics, and the normalisation with its scale and shift as one affine map.
struct Channels {
  Vector mean, inverseDeviation, scale, shift;

  Channels() = default;
  Channels(const NormParameters& norm, const float* means, const float* inverseDeviations, int64_t c, int64_t left)
      : mean(loadUpTo(means + c, left)),
        inverseDeviation(loadUpTo(inverseDeviations + c, left)),
        scale(loadUpTo(norm.weight + c, left) * inverseDeviation),
        shift(loadUpTo(norm.bias + c, left) - mean * scale) {}

  // What ReLU lets through of the gradient at `value`.
  Vector passed(Vector value, Vector gradient) const { return value * scale + shift <= 0 ? Vector{} : gradient; }
};

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
