// Means and covariances of the pixels that the taps of a 3x3 kernel meet, from which the mean and the deviation of each
// channel of a convolution's result follow without the result: it is linear in the pixels.
//
// In double precision: a filter may take away nearly all of what the pixels have in common.
#pragma once

#include "multiply.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

constexpr int doubleLanes = lanes / 2;
typedef double DoubleVector __attribute__((vector_size(lanes * 4)));
typedef double UnalignedDoubles __attribute__((vector_size(lanes * 4), aligned(8), may_alias));
typedef float HalfVector __attribute__((vector_size(lanes * 2)));
typedef float UnalignedHalf __attribute__((vector_size(lanes * 2), aligned(4), may_alias));

NCFM_INLINE DoubleVector loadDoubles(const double* from) { return *reinterpret_cast<const UnalignedDoubles*>(from); }
NCFM_INLINE DoubleVector loadAsDoubles(const float* from) {
  return __builtin_convertvector((HalfVector)*reinterpret_cast<const UnalignedHalf*>(from), DoubleVector);
}

NCFM_INLINE double sumOf(DoubleVector values) {
  double sum = 0;
  for (int lane = 0; lane < doubleLanes; ++lane) sum += values[lane];
  return sum;
}

// The nine taps of every channel meet the pixels of a padded image at one place after another.
struct TapPixels {
  const double* image;
  // Of each tap's first pixel.
  const int64_t* places;
  int64_t height, width, rowStride;
};

// Sums over rows, for the nine taps of a channel.
struct NineSums {
  DoubleVector vectors[9] = {};
  double rest[9] = {};

  // Adds the products with the pixels of `one`, or the pixels themselves where it is null.
  __attribute__((always_inline)) void addRow(const double* one, const double* const (&others)[9], int64_t width) {
    int64_t j = 0;
    for (; j + doubleLanes <= width; j += doubleLanes) {
      const DoubleVector factor = one == nullptr ? DoubleVector{} + 1.0 : loadDoubles(one + j);
#pragma GCC unroll 9
      for (int tap = 0; tap < 9; ++tap) vectors[tap] += factor * loadDoubles(others[tap] + j);
    }
    for (; j < width; ++j) {
      for (int tap = 0; tap < 9; ++tap) rest[tap] += (one == nullptr ? 1.0 : one[j]) * others[tap][j];
    }
  }
  __attribute__((always_inline)) double total(int tap) const { return sumOf(vectors[tap]) + rest[tap]; }
};

struct Moments {
  const int64_t taps;
  double* const means;
  double* const covariances;

  Moments(double* memory, int64_t count) : taps(count), means(memory), covariances(memory + count) {}
  static int64_t size(int64_t taps) { return taps * (taps + 1); }

  void measure(const TapPixels& pixels) const {
    const double area = static_cast<double>(pixels.height * pixels.width);
    for (int64_t first = 0; first < taps; first += 9) {
      const NineSums sums = sumProducts(pixels, -1, first);
      for (int tap = 0; tap < 9; ++tap) means[first + tap] = sums.total(tap) / area;
    }
    for (int64_t k = 0; k < taps; ++k) {
      for (int64_t first = k / 9 * 9; first < taps; first += 9) {
        const NineSums sums = sumProducts(pixels, k, first);
        for (int tap = 0; tap < 9; ++tap) {
          const double covariance = sums.total(tap) / area - means[k] * means[first + tap];
          covariances[k * taps + first + tap] = covariance;
          covariances[(first + tap) * taps + k] = covariance;
        }
      }
    }
  }

  // Of the channels with these weights, [taps][panelWidth]: w·m and 1 / √(wᵀ C w + ε).
  void statistics(const float* weights, int64_t channels, float epsilon, float* mean, float* inverseDeviation) const {
    for (int64_t channel = 0; channel < channels && channel < panelWidth; channel += doubleLanes) {
      DoubleVector average = {}, variance = {};
      for (int64_t k = 0; k < taps; ++k) {
        DoubleVector across = {};
        for (int64_t l = 0; l < taps; ++l) {
          across += covariances[k * taps + l] * loadAsDoubles(weights + l * panelWidth + channel);
        }
        const DoubleVector weight = loadAsDoubles(weights + k * panelWidth + channel);
        average += means[k] * weight;
        variance += across * weight;
      }
      for (int64_t lane = 0; lane < doubleLanes && channel + lane < channels; ++lane) {
        const double positive = variance[lane] < 0 ? 0 : variance[lane];
        mean[channel + lane] = static_cast<float>(average[lane]);
        inverseDeviation[channel + lane] = static_cast<float>(1 / __builtin_sqrt(positive + epsilon));
      }
    }
  }

 private:
  // Of the pixels of tap k, or of ones for -1, with those of nine taps.
  static NineSums sumProducts(const TapPixels& pixels, int64_t k, int64_t first) {
    NineSums sums;
    for (int64_t i = 0; i < pixels.height; ++i) {
      const double* others[9];
      for (int tap = 0; tap < 9; ++tap) others[tap] = pixels.image + pixels.places[first + tap] + i * pixels.rowStride;
      sums.addRow(k < 0 ? nullptr : pixels.image + pixels.places[k] + i * pixels.rowStride, others, pixels.width);
    }
    return sums;
  }
};

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
