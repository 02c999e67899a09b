// Instance normalisation, ReLU and 2x2 average pooling of one image with its channels last, forward and backward.
//
// Columns of `panelWidth` channels are taken one after another, so that sums stay in registers and the few passes over
// an image read it from a near cache.
#include "multiply.h"
#include "table.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

NCFM_INLINE Vector squareRoot(Vector value) {
  Vector result;
  for (int lane = 0; lane < lanes; ++lane) result[lane] = __builtin_sqrtf(value[lane]);
  return result;
}

template <int number>
struct Vectors {
  static constexpr int count = number;
};

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

template <int vectors>
NCFM_INLINE void statisticsOf(const float* image, int64_t area, int64_t channels, int64_t c, float epsilon, float* mean,
                              float* inverseDeviation) {
  const int64_t left = channels - c;
  Vector sums[vectors] = {};
  for (int64_t pixel = 0; pixel < area; ++pixel) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) sums[v] += loadUpTo(image + pixel * channels + c + v * lanes, left - v * lanes);
  }
  Vector squares[vectors] = {};
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) sums[v] = sums[v] / static_cast<float>(area);
  for (int64_t pixel = 0; pixel < area; ++pixel) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const Vector deviation = loadUpTo(image + pixel * channels + c + v * lanes, left - v * lanes) - sums[v];
      squares[v] += deviation * deviation;
    }
  }
  for (int v = 0; v < vectors; ++v) {
    storeUpTo(mean + c + v * lanes, sums[v], left - v * lanes);
    const Vector deviation = squareRoot(squares[v] / static_cast<float>(area) + epsilon);
    storeUpTo(inverseDeviation + c + v * lanes, 1.0F / deviation, left - v * lanes);
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

template <int vectors>
NCFM_INLINE void poolColumn(const float* image, const MapSize& size, const NormParameters& norm, const float* mean,
                            const float* inverseDeviation, int64_t c, float* pooled) {
  const int64_t channels = size.channels;
  const int64_t width = size.width / 2;
  Channels at[vectors];
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = c + v * lanes;
    at[v] = Channels(norm, mean, inverseDeviation, first, channels - first);
  }
  for (int64_t i = 0; i < size.height / 2; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      const float* window = image + (2 * i * size.width + 2 * j) * channels;
      float* target = pooled + (i * width + j) * channels;
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) {
        const int64_t first = c + v * lanes;
        Vector sum = {};
#pragma GCC unroll 4
        for (int corner = 0; corner < 4; ++corner) {
          const float* pixel = window + ((corner >> 1) * size.width + (corner & 1)) * channels + first;
          sum += positivePart(loadUpTo(pixel, channels - first) * at[v].scale + at[v].shift);
        }
        storeUpTo(target + first, sum * 0.25F, channels - first);
      }
    }
  }
}

}  // namespace

void normStatistics(const float* image, int64_t area, int64_t channels, float epsilon, float* mean,
                    float* inverseDeviation) {
  forEachColumn(channels, [&](auto vectors, int64_t c) {
    statisticsOf<decltype(vectors)::count>(image, area, channels, c, epsilon, mean, inverseDeviation);
  });
}

// pooled = mean over 2x2 windows of max(0, scale·x + shift); an odd last row or column is left out, as by avg_pool2d.
void normReluPool(const float* image, const MapSize& size, const NormParameters& norm, const float* mean,
                  const float* inverseDeviation, float* pooled) {
  forEachColumn(size.channels, [&](auto vectors, int64_t c) {
    poolColumn<decltype(vectors)::count>(image, size, norm, mean, inverseDeviation, c, pooled);
  });
}

namespace {

// The sums over all pixels that the gradient needs: of dy, and of dy times the value's distance from its mean.
template <int vectors>
struct GradientSums {
  Vector gradient[vectors] = {};
  Vector product[vectors] = {};
};

template <int vectors>
NCFM_INLINE GradientSums<vectors> sumColumn(const float* image, const MapSize& size, const Channels (&at)[vectors],
                                            const float* pooledGradient, int64_t c) {
  const int64_t channels = size.channels;
  const int64_t pooledWidth = size.width / 2;
  GradientSums<vectors> sums;
  for (int64_t i = 0; i < size.height / 2; ++i) {
    for (int64_t j = 0; j < pooledWidth; ++j) {
      const float* source = pooledGradient + (i * pooledWidth + j) * channels;
      const float* window = image + (2 * i * size.width + 2 * j) * channels;
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) {
        const int64_t first = c + v * lanes;
        const Vector incoming = loadUpTo(source + first, channels - first) * 0.25F;
#pragma GCC unroll 4
        for (int corner = 0; corner < 4; ++corner) {
          const float* pixel = window + ((corner >> 1) * size.width + (corner & 1)) * channels + first;
          const Vector value = loadUpTo(pixel, channels - first);
          const Vector passed = at[v].passed(value, incoming);
          sums.gradient[v] += passed;
          sums.product[v] += passed * (value - at[v].mean);
        }
      }
    }
  }
  return sums;
}

template <int vectors>
NCFM_INLINE void differentiateColumn(const float* image, const MapSize& size, const NormParameters& norm,
                                     const float* mean, const float* inverseDeviation, const float* pooledGradient,
                                     int64_t c, float* gradient, float* weightGradient, float* biasGradient) {
  const int64_t channels = size.channels;
  const float area = static_cast<float>(size.height * size.width);
  Channels at[vectors];
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = c + v * lanes;
    at[v] = Channels(norm, mean, inverseDeviation, first, channels - first);
  }
  const GradientSums<vectors> sums = sumColumn<vectors>(image, size, at, pooledGradient, c);
  Vector offset[vectors];
  Vector slope[vectors];
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = c + v * lanes;
    const int64_t left = channels - first;
    const Vector product = sums.product[v] * at[v].inverseDeviation;
    storeUpTo(weightGradient + first, loadUpTo(weightGradient + first, left) + product, left);
    storeUpTo(biasGradient + first, loadUpTo(biasGradient + first, left) + sums.gradient[v], left);
    offset[v] = at[v].scale * sums.gradient[v] / area;
    slope[v] = at[v].scale * at[v].inverseDeviation * product / area;
  }
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) {
      const bool inside = y / 2 < size.height / 2 && x / 2 < size.width / 2;
      const float* source = pooledGradient + (y / 2 * (size.width / 2) + x / 2) * channels;
      const int64_t pixel = (y * size.width + x) * channels;
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) {
        const int64_t first = c + v * lanes;
        const int64_t left = channels - first;
        const Vector incoming = inside ? loadUpTo(source + first, left) * 0.25F : Vector{};
        const Vector value = loadUpTo(image + pixel + first, left);
        const Vector through = at[v].scale * at[v].passed(value, incoming);
        storeUpTo(gradient + pixel + first, through - offset[v] - (value - at[v].mean) * slope[v], left);
      }
    }
  }
}

}  // namespace

// With x̂ the normalised value and dy the gradient behind the normalisation (a quarter of the pooled one, where ReLU let
// the value through): dx = w/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)). Adds Σ dy·x̂ and Σ dy to the parameters' gradients.
void normReluPoolBackward(const float* image, const MapSize& size, const NormParameters& norm, const float* mean,
                          const float* inverseDeviation, const float* pooledGradient, float* gradient,
                          float* weightGradient, float* biasGradient) {
  forEachColumn(size.channels, [&](auto vectors, int64_t c) {
    differentiateColumn<decltype(vectors)::count>(image, size, norm, mean, inverseDeviation, pooledGradient, c,
                                                  gradient, weightGradient, biasGradient);
  });
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
