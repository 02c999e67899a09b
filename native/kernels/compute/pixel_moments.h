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

// The nine taps of every channel meet the pixels of a padded image at one place after another. Behind the image lies a
// vector of numbers.
struct TapPixels {
  const double* image;
  // Of each tap's first pixel.
  const int64_t* places;
  int64_t height, width, rowStride;

  const double* row(int64_t tap, int64_t i) const { return image + places[tap] + i * rowStride; }
};

// Of the most channels that a direct convolution has.
constexpr int mostTaps = 9 * 7;
// So many taps meet the nine of a channel at once, in registers.
constexpr int tapsAtOnce = lanes == 16 ? 3 : 1;

NCFM_INLINE DoubleVector loadDoublesUpTo(const double* from, int64_t left) {
  if (left >= doubleLanes) return loadDoubles(from);
  DoubleVector some = {};
  for (int64_t lane = 0; lane < left; ++lane) some[lane] = from[lane];
  return some;
}

struct Moments {
  const int64_t taps;
  double* const means;
  double* const covariances;

  Moments(double* memory, int64_t count) : taps(count), means(memory), covariances(memory + count) {}
  static int64_t size(int64_t taps) { return taps * (taps + 1); }

  void measure(const TapPixels& pixels) const {
    const double area = static_cast<double>(pixels.height * pixels.width);
    for (int64_t tap = 0; tap < taps; ++tap) means[tap] = sumOfPixels(pixels, tap) / area;
    for (int64_t k = 0; k < taps; k += tapsAtOnce) {
      for (int64_t first = k / 9 * 9; first < taps; first += 9) {
        double sums[tapsAtOnce][9];
        sumProducts(pixels, k, first, sums);
        for (int64_t one = 0; one < tapsAtOnce; ++one) {
          for (int64_t other = 0; other < 9; ++other) {
            const int64_t i = k + one, j = first + other;
            covariances[i * taps + j] = covariances[j * taps + i] = sums[one][other] / area - means[i] * means[j];
          }
        }
      }
    }
  }

  // Of the channels with these weights, [taps][panelWidth]: w·m and 1 / √(wᵀ C w + ε).
  void statistics(const float* weights, int64_t channels, float epsilon, float* mean, float* inverseDeviation) const {
    for (int64_t channel = 0; channel < channels && channel < panelWidth; channel += doubleLanes) {
      DoubleVector average = {}, variance = {}, own[mostTaps];
      for (int64_t k = 0; k < taps; ++k) {
        own[k] = loadAsDoubles(weights + k * panelWidth + channel);
        DoubleVector across = {};
        for (int64_t l = 0; l < k; ++l) across += covariances[k * taps + l] * own[l];
        average += means[k] * own[k];
        variance += (2 * across + covariances[k * taps + k] * own[k]) * own[k];
      }
      for (int64_t lane = 0; lane < doubleLanes && channel + lane < channels; ++lane) {
        const double positive = variance[lane] < 0 ? 0 : variance[lane];
        mean[channel + lane] = static_cast<float>(average[lane]);
        inverseDeviation[channel + lane] = static_cast<float>(1 / __builtin_sqrt(positive + epsilon));
      }
    }
  }

 private:
  static double sumOfPixels(const TapPixels& pixels, int64_t tap) {
    DoubleVector sum = {};
    for (int64_t i = 0; i < pixels.height; ++i) {
      const double* row = pixels.row(tap, i);
      for (int64_t j = 0; j < pixels.width; j += doubleLanes) sum += loadDoublesUpTo(row + j, pixels.width - j);
    }
    return sumOf(sum);
  }

  // Of the pixels of tap k and those behind it with those of nine taps.
  static void sumProducts(const TapPixels& pixels, int64_t k, int64_t first, double (&totals)[tapsAtOnce][9]) {
    DoubleVector sums[tapsAtOnce][9] = {};
    for (int64_t i = 0; i < pixels.height; ++i) {
      const double *some[tapsAtOnce], *nine[9];
      for (int tap = 0; tap < tapsAtOnce; ++tap) some[tap] = pixels.row(k + tap, i);
      for (int tap = 0; tap < 9; ++tap) nine[tap] = pixels.row(first + tap, i);
      for (int64_t j = 0; j < pixels.width; j += doubleLanes) {
        DoubleVector factors[tapsAtOnce];
        // Zeros behind the row leave out what lies there.
#pragma GCC unroll 3
        for (int one = 0; one < tapsAtOnce; ++one) factors[one] = loadDoublesUpTo(some[one] + j, pixels.width - j);
#pragma GCC unroll 9
        for (int other = 0; other < 9; ++other) {
          const DoubleVector values = loadDoubles(nine[other] + j);
#pragma GCC unroll 3
          for (int one = 0; one < tapsAtOnce; ++one) sums[one][other] += factors[one] * values;
        }
      }
    }
    for (int one = 0; one < tapsAtOnce; ++one) {
      for (int other = 0; other < 9; ++other) totals[one][other] = sumOf(sums[one][other]);
    }
  }
};

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
