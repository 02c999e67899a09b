// Instance normalisation, ReLU and 2x2 average pooling of one image with its channels last, forward and backward.
//
// Columns of `panelWidth` channels are taken one after another, so that sums stay in registers and the few passes over
// an image read it from a near cache.
#include "instance_norm.h"
#include "table.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

NCFM_INLINE Vector squareRoot(Vector value) {
  Vector result;
  for (int lane = 0; lane < lanes; ++lane) result[lane] = __builtin_sqrtf(value[lane]);
  return result;
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

template <int vectors>
NCFM_INLINE void poolColumn(const float* image, const MapSize& size, const NormParameters& norm, const float* mean,
                            const float* inverseDeviation, int64_t c, float* pooled) {
  const int64_t channels = size.channels;
  Channels at[vectors];
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = c + v * lanes;
    at[v] = Channels(norm, mean, inverseDeviation, first, channels - first);
  }
  forEachWindow(size, [&](int64_t window, int64_t target) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int64_t first = c + v * lanes;
      Vector sum = {};
#pragma GCC unroll 4
      for (int corner = 0; corner < 4; ++corner) {
        const float* pixel = image + window + cornerOf(size, corner) + first;
        sum += positivePart(loadUpTo(pixel, channels - first) * at[v].scale + at[v].shift);
      }
      storeUpTo(pooled + target + first, sum * 0.25F, channels - first);
    }
  });
}

}  // namespace

void normStatistics(const float* image, int64_t area, int64_t channels, float epsilon, float* mean,
                    float* inverseDeviation) {
  forEachColumn(channels, [&](auto vectors, int64_t c) {
    statisticsOf<decltype(vectors)::count>(image, area, channels, c, epsilon, mean, inverseDeviation);
  });
}

// pooled = mean over 2x2 windows of max(0, scale·x + shift)
void normReluPool(const float* image, const MapSize& size, const NormParameters& norm, const float* mean,
                  const float* inverseDeviation, float* pooled) {
  forEachColumn(size.channels, [&](auto vectors, int64_t c) {
    poolColumn<decltype(vectors)::count>(image, size, norm, mean, inverseDeviation, c, pooled);
  });
}

namespace {

// Adds the sums over all pixels that the gradient needs: of dy, and of dy times the value's distance from its mean.
template <int vectors>
NCFM_INLINE void sumColumn(const float* image, const MapSize& size, const Normalisation& norm,
                           const float* pooledGradient, int64_t c, const NormSums& sums) {
  const int64_t channels = size.channels;
  Channels at[vectors];
  Vector gradient[vectors] = {};
  Vector product[vectors] = {};
  for (int v = 0; v < vectors; ++v) at[v] = norm.channels(c + v * lanes, channels);
  forEachWindow(size, [&](int64_t window, int64_t source) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int64_t first = c + v * lanes;
      const Vector incoming = loadUpTo(pooledGradient + source + first, channels - first) * 0.25F;
#pragma GCC unroll 4
      for (int corner = 0; corner < 4; ++corner) {
        const Vector value = loadUpTo(image + window + cornerOf(size, corner) + first, channels - first);
        const Vector passed = at[v].passed(value, incoming);
        gradient[v] += passed;
        product[v] += passed * (value - at[v].mean);
      }
    }
  });
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = c + v * lanes;
    addUpTo(sums.gradient + first, gradient[v], channels - first);
    addUpTo(sums.product + first, product[v], channels - first);
  }
}

template <int vectors>
NCFM_INLINE void differentiateColumn(const float* image, const MapSize& size, const Normalisation& norm,
                                     const float* pooledGradient, int64_t c, const NormSums& sums, float area,
                                     float* gradient) {
  const int64_t channels = size.channels;
  Channels at[vectors];
  Vector offset[vectors];
  Vector slope[vectors];
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = c + v * lanes;
    at[v] = norm.channels(first, channels);
    const Vector product = loadUpTo(sums.product + first, channels - first) * at[v].inverseDeviation;
    offset[v] = at[v].scale * loadUpTo(sums.gradient + first, channels - first) / area;
    slope[v] = at[v].scale * at[v].inverseDeviation * product / area;
  }
  forEachPixel(size, [&](int64_t pixel, int64_t source, bool inside) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int64_t first = c + v * lanes;
      const int64_t left = channels - first;
      const Vector incoming = inside ? loadUpTo(pooledGradient + source + first, left) * 0.25F : Vector{};
      const Vector value = loadUpTo(image + pixel + first, left);
      const Vector through = at[v].scale * at[v].passed(value, incoming);
      storeUpTo(gradient + pixel + first, through - offset[v] - (value - at[v].mean) * slope[v], left);
    }
  });
}

}  // namespace

void addNormSums(const float* image, const MapSize& size, const Normalisation& norm, const float* pooledGradient,
                 const NormSums& sums) {
  forEachColumn(size.channels, [&](auto vectors, int64_t c) {
    sumColumn<decltype(vectors)::count>(image, size, norm, pooledGradient, c, sums);
  });
}

void normGradient(const float* image, const MapSize& size, const Normalisation& norm, const float* pooledGradient,
                  const NormSums& sums, int64_t area, float* gradient) {
  forEachColumn(size.channels, [&](auto vectors, int64_t c) {
    differentiateColumn<decltype(vectors)::count>(image, size, norm, pooledGradient, c, sums,
                                                  static_cast<float>(area), gradient);
  });
}

void addParameterGradients(const NormSums& sums, const float* inverseDeviation, int64_t channels, float* weightGradient,
                           float* biasGradient) {
  for (int64_t c = 0; c < channels; ++c) {
    weightGradient[c] += sums.product[c] * inverseDeviation[c];
    biasGradient[c] += sums.gradient[c];
  }
}

// With x̂ the normalised value and dy the gradient behind the normalisation (a quarter of the pooled one, where ReLU let
// the value through): dx = w/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)). Adds Σ dy·x̂ and Σ dy to the parameters' gradients.
// The workspace has place for `NormSums`.
void normReluPoolBackward(const float* image, const MapSize& size, const NormParameters& norm, const float* mean,
                          const float* inverseDeviation, const float* pooledGradient, float* gradient,
                          float* weightGradient, float* biasGradient, float* workspace) {
  const NormSums sums(workspace, size.channels);
  const Normalisation normalisation{norm, mean, inverseDeviation};
  addNormSums(image, size, normalisation, pooledGradient, sums);
  normGradient(image, size, normalisation, pooledGradient, sums, size.height * size.width, gradient);
  addParameterGradients(sums, inverseDeviation, size.channels, weightGradient, biasGradient);
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
